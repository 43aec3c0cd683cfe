"""Figures of training: curves of one run, of several, and the class balance."""

import tomllib

import numpy as np
import pytest

from digitlab.figures.class_balance import class_balance_figure, describe_class_balance
from digitlab.figures.live_curves import build_live_curves
from digitlab.figures.run_comparison import describe_run_comparison, run_comparison_figure
from digitlab.figures.theme import RUNS, TRAINING, VALIDATION
from digitlab.figures.training_curves import (
    compute_scale,
    describe_training_curves,
    training_curves_figure,
)
from tests.conftest import PROJECT_DIR

HISTORY = [
    {"epoch": 0.0, "loss": 0.4, "accuracy": 0.88, "val_loss": 0.2, "val_accuracy": 0.94},
    {"epoch": 1.0, "loss": 0.2, "accuracy": 0.94, "val_loss": 0.1, "val_accuracy": 0.97},
    {"epoch": 2.0, "loss": 0.1, "accuracy": 0.97, "val_loss": 0.15, "val_accuracy": 0.96},
]


def test_training_is_solid_blue_and_validation_dashed_amber():
    training, validation, *accuracy = training_curves_figure(HISTORY).data
    assert (training.line.color, training.line.dash) == (TRAINING, None)
    assert (validation.line.color, validation.line.dash) == (VALIDATION, "dash")
    assert list(training.x) == [1, 2, 3]
    assert list(validation.y) == [0.2, 0.1, 0.15]
    assert [line.yaxis for line in accuracy] == ["y2", "y2"]
    assert [line.showlegend for line in accuracy] == [False, False]


BATCHES = [
    {"epoch": 0.5, "loss": 0.9, "accuracy": 0.6, "learning_rate": 0.001},
    {"epoch": 3.25, "loss": 0.09, "accuracy": 0.97, "learning_rate": 0.002},
]


def test_batches_are_a_thin_line_behind_the_epochs():
    figure = training_curves_figure(HISTORY, BATCHES, n_epochs=5)
    batches, training = figure.data[:2]
    assert (batches.name, list(batches.x)) == ("batches", [0.5, 3.25])
    assert batches.line.width < training.line.width
    assert figure.layout.xaxis.range[1] > 5


def find_lines(option):
    return {line["id"]: line for line in option["series"]}


def test_live_curves_look_like_the_figure():
    option = build_live_curves(HISTORY, BATCHES, n_epochs=5, best_epoch=2)
    lines = find_lines(option)
    assert lines["training 0"]["data"] == [(1, 0.4), (2, 0.2), (3, 0.1)]
    assert lines["validation 1"]["data"] == [(1, 94.0), (2, 97.0), (3, 96.0)]
    assert lines["learning rate 2"]["data"] == [(0.5, 0.001), (3.25, 0.002)]
    colours = [lines[f"{name} 0"]["lineStyle"]["color"] for name in ("training", "validation")]
    assert colours == [TRAINING, VALIDATION]
    assert [axis["name"] for axis in option["yAxis"]] == ["Loss", "Accuracy", "Learning rate"]
    assert (option["xAxis"][0]["min"], option["xAxis"][0]["max"]) == (0, 5)
    assert lines["training 0"]["markLine"]["data"][0]["xAxis"] == 2


def test_live_curves_of_the_last_epochs_end_now():
    option = build_live_curves(HISTORY * 5, BATCHES, n_epochs=50, last_epochs=10)
    assert (option["xAxis"][0]["min"], option["xAxis"][0]["max"]) == (5, 15)


def test_a_single_point_is_marked():
    lines = find_lines(build_live_curves([], BATCHES[:1], n_epochs=5))
    assert all(line["showSymbol"] for line in lines.values() if line["data"])
    lines = find_lines(build_live_curves([], BATCHES, n_epochs=5))
    assert not lines["batches 0"]["showSymbol"]


def test_a_loss_that_is_not_a_number_leaves_a_gap():
    lines = find_lines(build_live_curves([{"loss": float("nan")}], [], n_epochs=5))
    assert lines["training 0"]["data"] == [(1, None)]


@pytest.mark.parametrize("accuracy", [0.0, 0.1, 0.5, 0.97, 1.0])
def test_the_axis_of_a_single_accuracy_stays_within_0_and_100_percent(accuracy):
    low, high, step = compute_scale("accuracy", [], [{"accuracy": accuracy}])
    assert 0 <= low <= accuracy <= high <= 1
    assert step < high - low
    figure = training_curves_figure([{"loss": 0.4, "accuracy": accuracy}])
    assert figure.layout.yaxis2.range[0] > -0.01 and figure.layout.yaxis2.range[1] < 1.01


def test_the_best_epoch_is_marked():
    figure = training_curves_figure(HISTORY, best_epoch=2)
    assert (figure.layout.shapes[0].x0, figure.layout.annotations[0].text) == (2, "best: epoch 2")
    assert not training_curves_figure(HISTORY).layout.shapes


def test_the_learning_rate_has_a_separate_axis():
    rates = [row | {"learning_rate": 0.001 / (k + 1)} for k, row in enumerate(HISTORY)]
    line = training_curves_figure(rates).data[-1]
    assert (line.name, line.yaxis) == ("learning rate", "y3")
    assert list(line.y) == [0.001, 0.0005, 0.001 / 3]


def test_a_run_without_validation_or_epochs_is_drawn():
    assert not list(training_curves_figure([]).data[0].x)
    figure = training_curves_figure([{"loss": 0.4, "accuracy": 0.88}])
    assert [line.name for line in figure.data if line.showlegend] == ["training"]


def test_dragging_does_nothing_if_zoom_is_off():
    layout = training_curves_figure(HISTORY, zoomable=False).layout
    assert (layout.dragmode, layout.xaxis.fixedrange) == (False, True)


def test_the_text_alternative_has_first_and_last_values():
    text = describe_training_curves(HISTORY, 2)
    assert "validation loss from 0.2000 to 0.1500" in text
    assert "best epoch is 2" in text
    assert "no epoch has finished" in describe_training_curves([])


def test_runs_differ_by_colour_and_validation_is_dashed():
    figure = run_comparison_figure({"a": HISTORY, "b": HISTORY[:1]}, "accuracy")
    assert [line.line.color for line in figure.data] == [RUNS[0], RUNS[0], RUNS[1], RUNS[1]]
    assert [line.line.dash for line in figure.data] == ["solid", "dash", "solid", "dash"]
    assert [line.showlegend for line in figure.data] == [False, True, False, True]
    text = describe_run_comparison({"a": HISTORY, "b": []}, "accuracy")
    assert "a 0.9600 after 3 epochs" in text


def test_class_balance():
    assert list(class_balance_figure([3, 5], ["0", "1"]).data[0].y) == [3, 5]
    assert describe_class_balance([3, 5], ["0", "1"]) == "Images per class: 0 3, 1 5."


def compute_luminance(colour):
    channels = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_live_labels_are_legible(theme):
    config = tomllib.loads((PROJECT_DIR / ".streamlit" / "config.toml").read_text())
    paper = compute_luminance(config["theme"][theme]["backgroundColor"])
    option = build_live_curves(HISTORY, BATCHES, n_epochs=5, is_dark=theme == "dark")
    styles = [option["legend"]["textStyle"]]
    for axis in option["xAxis"] + option["yAxis"]:
        styles += [axis["axisLabel"], axis["nameTextStyle"]]
    for style in styles:
        dark, light = sorted((paper, compute_luminance(style["color"])))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_the_switch_to_fine_tuning_is_marked_in_both_charts():
    figure = training_curves_figure(HISTORY, best_epoch=2, switch_epoch=1)
    assert [shape.x0 for shape in figure.layout.shapes] == [2, 1]
    assert figure.layout.annotations[1].text == "fine-tuning"
    option = build_live_curves(HISTORY, [], n_epochs=3, best_epoch=2, switch_epoch=1)
    marked = [line["markLine"]["data"] for line in option["series"] if "markLine" in line]
    assert [[mark["xAxis"] for mark in marks] for marks in marked] == [[2, 1], [2, 1]]
    assert "Fine-tuning follows epoch 1" in describe_training_curves(HISTORY, 2, 1)
