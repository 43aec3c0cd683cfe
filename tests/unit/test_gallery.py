"""The gallery: filters, sort orders, pages; and accuracy against coverage."""

import numpy as np
import pytest

from digitlab.evaluation.calibration import compute_confidence_histogram, compute_coverage
from digitlab.evaluation.gallery import ORDERS, GalleryQuery, find_samples, paginate
from digitlab.evaluation.report import EvaluationReport
from digitlab.model_store.store import get_model


@pytest.fixture(scope="module")
def report():
    return EvaluationReport.load(get_model("digitlab_cnn").directory / "report.npz")


@pytest.fixture(scope="module")
def other():
    return EvaluationReport.load(get_model("simple_cnn").directory / "report.npz")


def test_counts_equal_the_confusion_matrix_in_all_100_cells(report, other):
    for one in (report, other):
        for true in range(10):
            for predicted in range(10):
                found = find_samples(one, GalleryQuery(true=true, predicted=predicted))
                assert len(found) == one.metrics["confusion"][true][predicted]
                assert (one.labels[found] == true).all()
                assert (one.predictions[found] == predicted).all()


def test_a_filter_and_its_opposite_split_the_test_set(report):
    for name in ("correct", "rejected", "label_error"):
        positive = find_samples(report, GalleryQuery(**{name: True}))
        negative = find_samples(report, GalleryQuery(**{name: False}))
        assert sorted([*positive, *negative]) == list(range(10_000))
    low = find_samples(report, GalleryQuery(high=0.5))
    assert (report.confidences[low] <= 0.5).all()
    assert len(low) == (report.confidences <= 0.5).sum()


@pytest.mark.parametrize(
    ("order", "key"),
    [
        ("confident", lambda r: 2 * r.is_correct - r.confidences),
        ("unsure", lambda r: r.confidences),
        ("loss", lambda r: -r.losses), ("close", lambda r: r.margins),
        ("index", lambda r: np.arange(len(r.labels))),
    ],
)  # fmt: skip
def test_sort_orders(report, order, key):
    assert order in ORDERS
    found = find_samples(report, GalleryQuery(order=order))
    assert len(found) == 10_000
    assert (np.diff(key(report)[found]) >= 0).all()


def test_pages_contain_each_image_once(report):
    found = find_samples(report, GalleryQuery(true=4))
    pages = [paginate(found, k, page_size=60) for k in range(paginate(found, 0).n_pages)]
    assert np.concatenate([page.indices for page in pages]).tolist() == found.tolist()
    assert paginate(found, 10_000).number == pages[-1].number
    assert paginate(found, -3).number == 0
    empty = paginate(found[:0], 5)
    assert (len(empty.indices), empty.n_pages, empty.n) == (0, 1, 0)


def test_a_query_is_restored_from_url_parameters():
    for query in (
        GalleryQuery(),
        GalleryQuery(true=4, predicted=9, correct=False, low=0.25, order="loss"),
        GalleryQuery(rejected=True, label_error=False, high=0.875),
    ):
        assert GalleryQuery.from_params(query.to_params()) == query
    assert GalleryQuery().to_params() == {}


def test_invalid_url_parameters_are_ignored():
    params = {"true": "four", "predicted": "-1", "correct": "x", "low": "nan", "high": "7",
              "order": "__class__", "other": "1"}  # fmt: skip
    assert GalleryQuery.from_params(params) == GalleryQuery()
    assert GalleryQuery.from_params({"true": "²"}) == GalleryQuery()


def test_coverage_at_any_threshold(report):
    curve = compute_coverage(report.confidences, report.is_correct)
    for threshold in (0, 0.3, 0.9, 0.999, float(report.confidences[7]), 1.1):
        accepted = report.confidences.astype(float) >= threshold
        point = curve.look_up(threshold)
        assert point.n_accepted == accepted.sum()
        assert point.n_wrong == (accepted & ~report.is_correct).sum()
        assert point.coverage == pytest.approx(accepted.mean())
        if accepted.any():
            assert point.accuracy == pytest.approx(report.is_correct[accepted].mean())
        else:
            assert np.isnan(point.accuracy)
    assert curve.coverages[-1] == 1
    assert curve.accuracies[-1] == pytest.approx(report.accuracy)
    _, right, wrong = compute_confidence_histogram(report.confidences, report.is_correct)
    assert right.sum() == report.is_correct.sum()
    assert wrong.sum() == (~report.is_correct).sum()
