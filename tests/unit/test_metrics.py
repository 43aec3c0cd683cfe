"""Metrics against numbers computed by hand."""

import numpy as np
import pytest

from digitlab.evaluation.metrics import (
    compute_calibration_error,
    compute_metrics,
    compute_wilson_interval,
)


def test_metrics_equal_numbers_computed_by_hand():
    labels = np.array([0, 0, 1, 1, 1, 2])
    predictions = np.array([0, 1, 1, 1, 2, 2])
    probabilities = np.eye(3, dtype=np.float32)[predictions] * 0.7 + 0.1
    metrics = compute_metrics(labels, probabilities)
    assert metrics["accuracy"] == pytest.approx(4 / 6)
    assert metrics["confusion"] == [[1, 1, 0], [0, 2, 1], [0, 0, 1]]
    one = metrics["per_class"][1]
    assert (one["precision"], one["recall"], one["support"]) == pytest.approx((2 / 3, 2 / 3, 3))
    assert metrics["macro"]["recall"] == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert metrics["loss"] == pytest.approx(-(4 * np.log(0.8) + 2 * np.log(0.1)) / 6, rel=1e-5)


def test_wilson_interval():
    # 9,960 of 10,000: the textbook formula, computed independently of the code.
    assert compute_wilson_interval(9960, 10_000) == pytest.approx((0.99455, 0.99706), abs=2e-5)
    assert compute_wilson_interval(10, 10)[1] == pytest.approx(1)
    assert compute_wilson_interval(0, 10)[0] == pytest.approx(0)


def test_calibration_error_equals_a_number_computed_by_hand():
    # Two bins: 0.9 and 0.92 lie in (13/15, 14/15], 0.5 in (7/15, 8/15].
    confidences = np.array([0.9, 0.92, 0.5, 0.5, 0.5, 0.5])
    is_correct = np.array([True, False, True, True, True, False])
    expected = 2 / 6 * abs(0.5 - 0.91) + 4 / 6 * abs(0.75 - 0.5)
    assert compute_calibration_error(confidences, is_correct) == pytest.approx(expected)


def test_calibration_error_at_confidence_0_and_1():
    certain = np.array([1.0, 1.0, 0.0, 0.0], np.float32)
    assert compute_calibration_error(certain, certain == 1) == 0
    assert compute_calibration_error(certain, certain == 0) == 1
    with pytest.raises(ValueError, match="no predictions"):
        compute_calibration_error(np.array([]), np.array([], bool))


def test_calibration_error_of_a_calibrated_classifier_is_small():
    rng = np.random.default_rng(0)
    confidences = rng.uniform(0.1, 1, 20_000)
    is_correct = rng.uniform(0, 1, 20_000) < confidences
    assert compute_calibration_error(confidences, is_correct) < 0.02


def test_macro_averages_ignore_absent_classes():
    """Perfect 3s and 7s: precision, recall and F1 are 1, not 0.2."""
    labels = np.array([3, 7, 3, 7])
    metrics = compute_metrics(labels, np.eye(10, dtype=np.float32)[labels])
    assert metrics["macro"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert [row["class"] for row in metrics["per_class"] if row["support"]] == [3, 7]
