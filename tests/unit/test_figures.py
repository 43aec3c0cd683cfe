"""Figures: what they draw, and their text alternatives."""

import re

import numpy as np
import pytest

from digitlab.evaluation.metrics import normalise_confusion
from digitlab.figures.calibration import (
    coverage_figure,
    describe_coverage,
    describe_histogram,
    describe_reliability,
    histogram_figure,
    reliability_figure,
)
from digitlab.figures.class_balance import class_balance_figure
from digitlab.figures.confusion import confusion_figure, describe_confusion, difference_figure
from digitlab.figures.feature_map import MAX_CORRECT_POINTS, feature_map_figure
from digitlab.figures.per_class import describe_per_class, per_class_figure, precision_recall_figure
from digitlab.figures.probability import describe_probabilities, probability_figure
from digitlab.figures.robustness import describe_robustness, robustness_figure
from digitlab.figures.saliency import occlusion_figure
from digitlab.figures.study import TrialCurve, build_trial_curves, find_worst_shown
from digitlab.figures.theme import TRAINING

NAMES = tuple("0123456789")


@pytest.fixture
def counts():
    counts = np.diag(np.full(10, 100))
    counts[4, 9], counts[7, 1] = 12, 3
    return counts


def test_each_cell_of_the_confusion_matrix_is_clickable(counts):
    squares = confusion_figure(normalise_confusion(counts), NAMES).data[2]
    assert [tuple(cell) for cell in squares.customdata] == [
        (row, column) for row in range(10) for column in range(10)
    ]
    assert [(y, x) for x, y in zip(squares.x, squares.y, strict=True)] == [
        tuple(cell) for cell in squares.customdata
    ]
    assert squares.text[49] == "12"
    assert squares.text[50] == ""
    assert squares.hovertext[49].startswith("actual 4, predicted 9: 12<br>")


def test_errors_and_correct_predictions_have_separate_scales(counts):
    wrong, correct, _ = confusion_figure(normalise_confusion(counts), NAMES).data
    assert wrong.zmax == pytest.approx(12**0.5)
    assert correct.zmax == pytest.approx(10)
    assert np.isnan(wrong.z[3][3]) and np.isnan(correct.z[4][9])


def test_a_hidden_diagonal_is_blank_and_the_chosen_cell_outlined(counts):
    shown = normalise_confusion(counts, "row", hide_diagonal=True)
    figure = confusion_figure(shown, NAMES, by="row", chosen=(4, 9))
    assert figure.data[2].text[44] == ""
    assert figure.data[2].text[49] == "11%"
    outline = figure.layout.shapes[0]
    assert (outline.x0, outline.x1, outline.y0, outline.y1) == (8.5, 9.5, 3.5, 4.5)


def test_a_matrix_without_errors_is_drawn():
    figure = confusion_figure(normalise_confusion(np.diag([5] * 10)), NAMES)
    assert figure.data[0].zmax > 0


def test_the_text_alternative_names_the_most_frequent_error(counts):
    text = describe_confusion(counts, NAMES)
    assert "1,000 of 1,015 are correct" in text
    assert "4 classified as 9, 12 times" in text


def test_more_correct_predictions_are_green_and_more_errors_red():
    difference = np.zeros((10, 10), int)
    difference[2, 2], difference[2, 7] = 4, -4
    cells = difference_figure(difference, NAMES).data[0]
    assert cells.z[2][2] == -4 and cells.z[2][7] == -4
    assert cells.text[2][2] == "+4" and cells.text[2][7] == "-4"


def test_the_map_has_all_errors_and_each_point_has_its_index():
    random = np.random.default_rng(0)
    labels = random.integers(0, 10, 10_000)
    is_correct = random.random(10_000) > 0.02
    figure = feature_map_figure(
        random.normal(size=(10_000, 2)), labels, is_correct, NAMES, title="Map", axis_title="Axis"
    )
    assert len(figure.data) == 11
    assert set(figure.data[-1].customdata) == set(np.flatnonzero(~is_correct))
    assert sum(len(trace.customdata) for trace in figure.data[:-1]) <= MAX_CORRECT_POINTS
    for label, trace in enumerate(figure.data[:-1]):
        assert (labels[list(trace.customdata)] == label).all()


def test_a_map_without_errors_is_drawn():
    figure = feature_map_figure(
        np.zeros((3, 2)), np.arange(3), np.ones(3, bool), NAMES, title="Map", axis_title="Axis"
    )
    assert len(figure.data) == 10


def test_the_bars_start_below_the_lowest_value():
    rows = [
        {"class": k, "precision": 0.99, "recall": 0.953, "f1": 0.9, "support": 5} for k in range(10)
    ]
    figure = per_class_figure(rows, NAMES)
    assert figure.layout.yaxis.range == pytest.approx((0.95, 1.0))
    assert "3: precision 99.00%, recall 95.30%" in describe_per_class(rows, NAMES)


def test_a_long_curve_has_fewer_points_but_the_same_ends():
    recall = np.linspace(1, 0, 10_000)
    precision = np.linspace(0.1, 1, 10_000)
    line = precision_recall_figure(precision, recall, 0.9, "4").data[0]
    assert len(line.x) <= 400
    assert (line.x[0], line.x[-1]) == (1, 0)


def test_empty_bins_are_left_out():
    confidences, accuracies = np.array([np.nan, 0.9]), np.array([np.nan, 0.8])
    counts = np.array([0, 10])
    assert list(reliability_figure(confidences, accuracies, counts).data[1].x) == [0.9]
    assert describe_reliability(confidences, accuracies, counts).count("confidence ") == 1
    bars = histogram_figure(np.array([0, 0.5, 1]), np.array([0, 9]), np.array([0, 1])).data
    assert np.isnan(bars[0].y[0]) and bars[1].y[1] == 1


@pytest.mark.parametrize(("marked", "n_traces"), [(None, 1), ((0.9, 0.99), 2)])
def test_the_threshold_is_marked_if_predictions_are_accepted(marked, n_traces):
    figure = coverage_figure(np.arange(1, 11) / 10, np.full(10, 0.99), marked)
    assert len(figure.data) == n_traces


def test_rejections_are_drawn_if_there_are_any():
    texts = {"label": "Blur", "unit": "pixels", "neutral": 0}
    band = [(0.9, 1.0), (0.7, 0.9)]
    assert len(robustness_figure([0, 1], [0.95, 0.8], band, [0, 0], **texts).data) == 2
    assert len(robustness_figure([0, 1], [0.95, 0.8], band, [0, 0.1], **texts).data) == 3
    assert describe_robustness([0, 1], [0.95, 0.8], "Blur", "pixels").endswith("1: 80.0%.")


def test_an_absent_class_has_no_bar():
    """A class without test images has no recall, so it must not stretch the axis to 0."""
    rows = [
        {"class": k, "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0} for k in range(10)
    ]
    for k in (3, 7):
        rows[k] |= {"precision": 0.99, "recall": 0.98, "f1": 0.985, "support": 20}
    figure = per_class_figure(rows, NAMES)
    assert [list(bars.customdata) for bars in figure.data] == [["3", "7"], ["3", "7"]]
    assert figure.layout.xaxis.ticktext == ("3", "7")
    assert figure.layout.yaxis.range[0] > 0.9
    assert "0: precision" not in describe_per_class(rows, NAMES)


def test_coverage_and_histogram_have_text_alternatives():
    text = describe_coverage(np.arange(1, 11) / 10, np.linspace(1, 0.9, 10))
    assert "coverage 100%, accuracy 90.00%" in text
    text = describe_histogram(np.linspace(0, 1, 3), np.array([1, 90]), np.array([2, 3]))
    assert text == "Predictions with a confidence of 50% or more: 90 correct, 3 wrong."


PROBABILITIES = (0.01, 0.02, 0.03, 0.04, 0.6, 0.05, 0.05, 0.05, 0.05, 0.1)


def test_the_bar_of_the_prediction_is_highlighted():
    bars = probability_figure(PROBABILITIES).data[0]
    assert list(bars.customdata) == list(NAMES)
    assert list(bars.y) == list(PROBABILITIES)
    assert [k for k, colour in enumerate(bars.marker.color) if colour == TRAINING] == [4]


def test_the_text_alternative_is_sorted_by_probability():
    text = describe_probabilities(PROBABILITIES)
    assert text.index("4: 60.0%") < text.index("9: 10.0%") < text.index("0: 1.0%")


def test_the_saliency_scale_is_symmetric():
    weights = np.zeros((28, 28))
    weights[3, 4], weights[5, 6] = 0.5, -0.2
    heat, outline = occlusion_figure(weights, np.zeros((28, 28), np.uint8), 7).data
    assert (heat.zmin, heat.zmax) == (-0.5, 0.5)
    assert outline.contours.start == 100
    photo, heat = occlusion_figure(weights, np.zeros((28, 28, 3), np.uint8), "cat").data
    assert (photo.type, heat.zmax) == ("image", 0.5)


@pytest.mark.parametrize(("is_dark", "background"), [(False, "#fbf9f5"), (True, "#1b1c1f")])
def test_text_on_the_strongest_cells_has_enough_contrast(counts, is_dark, background):
    figure = confusion_figure(normalise_confusion(counts), NAMES, is_dark=is_dark)
    text = _parse_colour(figure.data[2].textfont.color)
    for cells in figure.data[:2]:
        *colour, alpha = (float(part) for part in re.findall(r"[\d.]+", cells.colorscale[-1][1]))
        page = _parse_colour(background)
        cell = alpha * np.array(colour) + (1 - alpha) * page
        assert _compute_contrast(text, cell) >= 4.5


def _parse_colour(colour):
    return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])


def _compute_contrast(one, other):
    """As WCAG 2.1 defines it."""
    luminances = []
    for colour in (one, other):
        part = np.asarray(colour) / 255
        linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
        luminances.append(float(linear @ [0.2126, 0.7152, 0.0722]))
    darker, lighter = sorted(luminances)
    return (lighter + 0.05) / (darker + 0.05)


def test_class_names_are_shown_literally():
    """Plotly would read them as HTML and as a template."""
    names = ["<b>", "%{x}", "&amp;", *(f"n{k}" for k in range(7))]
    counts = np.ones((10, 10), int)
    rows = [{"class": k, "precision": 1, "recall": 1, "f1": 1, "support": 2} for k in range(10)]
    figures = [
        probability_figure(PROBABILITIES, names),
        per_class_figure(rows, names),
        confusion_figure(counts, names),
        class_balance_figure([1] * 10, names),
    ]
    for figure in figures:
        text = figure.to_json()
        assert "<b>" not in text.replace("\\u003c", "<")
        assert figure.layout.xaxis.ticktext[:3] == ("&lt;b&gt;", "&#37;{x}", "&amp;amp;")


def test_charts_have_room_for_a_hundred_classes():
    names = [f"class {k}" for k in range(100)]
    counts = np.diag(np.full(100, 3))
    counts[4, 7] = 1
    figure = confusion_figure(counts, names)
    squares = figure.data[2]
    assert len(squares.x) == 101
    assert squares.mode == "markers"
    assert len(figure.layout.xaxis.ticktext) == 25
    bars = probability_figure([*[0.001] * 98, 0.002, 0.9], names).data[0]
    assert list(bars.customdata[:2]) == ["class 99", "class 98"]
    assert len(bars.x) == 10


def test_a_diverged_trial_does_not_squeeze_the_charts_of_a_search():
    def build(*values):
        return [TrialCurve(number, (), value, True) for number, value in enumerate(values)]

    usual = build(0.95, 0.96, 0.97, 0.965, 0.94)
    assert find_worst_shown(usual, is_maximized=True) is None
    with_outlier = [*usual, TrialCurve(5, (0.1, 0.11), 0.11, False)]
    worst = find_worst_shown(with_outlier, is_maximized=True)
    assert 0.11 < worst < 0.94
    option = build_trial_curves(
        with_outlier, "Accuracy", best=2, worst_shown=worst, is_percent=True, is_dark=False
    )
    assert 11 < option["yAxis"]["min"] < 94
    losses = build(0.2, 0.21, 0.19, 0.2, 7.0, None)
    assert 0.21 < find_worst_shown(losses, is_maximized=False) < 7
