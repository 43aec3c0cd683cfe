"""Metrics equal scikit-learn's, on the shipped models' reports and on edge cases."""

import warnings

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics as reference

from digitlab.evaluation.calibration import compute_reliability
from digitlab.evaluation.comparison import compute_mcnemar
from digitlab.evaluation.metrics import (
    compute_metrics,
    compute_precision_recall,
    list_confusions,
    normalise_confusion,
)
from digitlab.evaluation.report import EvaluationReport
from digitlab.model_store.store import get_model


def load_arrays(name):
    if name in ("digitlab_cnn", "simple_cnn"):
        report = EvaluationReport.load(get_model(name).directory / "report.npz")
        return report.labels, report.probabilities
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.full(10, 0.2), 500).astype(np.float32)
    # Absent classes, a class that is never predicted, and labels of probability 0.
    labels = rng.integers(0, 8, 500).astype(np.uint8)
    probabilities[:, 3] = 0
    return labels, probabilities / probabilities.sum(axis=1, keepdims=True)


@pytest.fixture(params=["digitlab_cnn", "simple_cnn", "edge_cases"])
def arrays(request):
    return load_arrays(request.param)


def test_metrics_equal_scikit_learns(arrays):
    labels, probabilities = arrays
    predictions, classes = probabilities.argmax(axis=1), np.arange(10)
    ours = compute_metrics(labels, probabilities)
    assert ours["accuracy"] == reference.accuracy_score(labels, predictions)
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    assert ours["loss"] == pytest.approx(reference.log_loss(labels, exact, labels=classes))
    expected = reference.precision_recall_fscore_support(
        labels, predictions, labels=classes, zero_division=0
    )
    for key, column in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        assert [row[key] for row in ours["per_class"]] == pytest.approx(column.tolist())
    confusion = reference.confusion_matrix(labels, predictions, labels=classes)
    assert ours["confusion"] == confusion.tolist()
    assert confusion.sum() == ours["n"] == len(labels)


def test_macro_averages_equal_scikit_learns_over_the_classes_present(arrays):
    """As in `balanced_accuracy_score`, a class without test images has no part in the mean."""
    labels, probabilities = arrays
    predictions = probabilities.argmax(axis=1)
    ours = compute_metrics(labels, probabilities)["macro"]
    expected = reference.precision_recall_fscore_support(
        labels, predictions, labels=np.unique(labels), average="macro", zero_division=0
    )
    assert [ours["precision"], ours["recall"], ours["f1"]] == pytest.approx(expected[:3])
    with warnings.catch_warnings():
        # scikit-learn warns of predictions that are not among the labels.
        warnings.simplefilter("ignore", UserWarning)
        balanced = reference.balanced_accuracy_score(labels, predictions)
    assert ours["recall"] == pytest.approx(balanced)


@pytest.mark.parametrize(("by", "normalize"), [("row", "true"), ("column", "pred")])
def test_normalised_matrices_equal_scikit_learns(arrays, by, normalize):
    labels, probabilities = arrays
    predictions = probabilities.argmax(axis=1)
    ours = normalise_confusion(compute_metrics(labels, probabilities)["confusion"], by)
    expected = reference.confusion_matrix(
        labels, predictions, labels=np.arange(10), normalize=normalize
    )
    np.testing.assert_allclose(ours, expected)


def test_hidden_diagonal_and_sorted_confusions():
    counts = np.array([[5, 1, 0], [3, 9, 2], [0, 0, 4]])
    shown = normalise_confusion(counts, hide_diagonal=True)
    assert np.isnan(np.diag(shown)).all()
    assert np.nansum(shown) == 6
    assert counts[0, 0] == 5
    found = list_confusions(counts)
    assert [(pair.true, pair.predicted, pair.count) for pair in found] == [
        (1, 0, 3), (1, 2, 2), (0, 1, 1),
    ]  # fmt: skip
    assert [pair.describe("012") for pair in found] == [
        "1 classified as 0: 3 times", "1 classified as 2: twice", "0 classified as 1: once",
    ]  # fmt: skip
    assert found[0].describe(["Shirt", "Coat", "Bag"]) == "Coat classified as Shirt: 3 times"
    assert found[0].fraction == pytest.approx(3 / 14)
    assert len(list_confusions(counts, limit=2)) == 2
    with pytest.raises(ValueError, match="count, row or column"):
        normalise_confusion(counts, "diagonal")


def test_precision_recall_equals_scikit_learns(arrays):
    labels, probabilities = arrays
    for label in np.unique(labels):
        ours = compute_precision_recall(labels, probabilities, int(label))
        precision, recall, thresholds = reference.precision_recall_curve(
            labels == label, probabilities[:, label]
        )
        np.testing.assert_allclose(ours.precision, precision)
        np.testing.assert_allclose(ours.recall, recall)
        np.testing.assert_allclose(ours.thresholds, thresholds)
        score = reference.average_precision_score(labels == label, probabilities[:, label])
        assert ours.average_precision == pytest.approx(score)


def test_reliability_bins_contain_all_predictions(arrays):
    labels, probabilities = arrays
    confidences, is_correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = compute_reliability(confidences, is_correct)
    assert bins.counts.sum() == len(labels)
    gaps = np.abs(bins.accuracies - bins.confidences) * bins.counts
    error = np.nansum(gaps) / len(labels)
    assert error == pytest.approx(compute_metrics(labels, probabilities)["calibration_error"])


@pytest.mark.parametrize(("a", "b"), [(0, 0), (0, 1), (5, 5), (13, 76), (76, 13), (300, 340)])
def test_mcnemar_equals_scipys_binomial_test(a, b):
    expected = binomtest(a, a + b, 0.5).pvalue if a + b else 1.0
    assert compute_mcnemar(a, b) == pytest.approx(expected)
