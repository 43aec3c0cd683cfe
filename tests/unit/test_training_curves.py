"""Figures of training: curves of one run, of several, and the class balance."""

from digitlab.figures.class_balance import class_balance_figure, describe_class_balance
from digitlab.figures.theme import RUNS, TRAINING, VALIDATION
from digitlab.figures.training_curves import (
    describe_run_comparison,
    describe_training_curves,
    run_comparison_figure,
    training_curves_figure,
)

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


def test_the_running_epoch_is_a_thin_line_after_the_last():
    batches = [{"epoch": 3.25, "loss": 0.09}, {"epoch": 3.5, "loss": 0.08}]
    figure = training_curves_figure(HISTORY, batches, n_epochs=5)
    running = next(line for line in figure.data if line.name == "running epoch")
    assert list(running.x) == [3.25, 3.5]
    assert running.line.width < figure.data[0].line.width
    assert figure.layout.xaxis.range[1] > 5


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
