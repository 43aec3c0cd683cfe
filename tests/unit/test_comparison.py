"""Comparison of models and of runs."""

from dataclasses import replace

import numpy as np
import pytest

from digitlab.errors import ModelStoreError
from digitlab.evaluation.comparison import (
    RunOutcome,
    compare_reports,
    find_config_differences,
    load_run_outcome,
    load_run_report,
    rank_runs,
)
from digitlab.evaluation.report import EvaluationReport
from digitlab.files import write_json
from digitlab.model_store.store import get_model
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig

LABELS = np.tile(np.arange(10, dtype=np.uint8), 100)


def build_report(wrong, *, labels=LABELS, test_set_id="mnist"):
    """Build a report whose predictions are wrong at the given indices."""
    predictions = labels.copy()
    predictions[list(wrong)] = (predictions[list(wrong)] + 1) % 10
    probabilities = np.full((len(labels), 10), 0.01, np.float32)
    probabilities[np.arange(len(labels)), predictions] = 0.91
    no_digit = np.zeros(len(labels), np.float32)
    return EvaluationReport(labels, predictions, probabilities, no_digit, test_set_id)


@pytest.fixture(scope="module")
def shipped():
    """The reports of the two shipped models."""
    return {
        model_id: EvaluationReport.load(get_model(model_id).directory / "report.npz")
        for model_id in ("simple_cnn", "digitlab_cnn")
    }


def test_two_shipped_models_are_compared_image_by_image(shipped):
    first, second = shipped["simple_cnn"], shipped["digitlab_cnn"]
    result = compare_reports(first, second)
    groups = (*result.only_first, *result.only_second, *result.both_wrong)
    assert len(set(groups)) == len(groups) == result.n - result.n_both_correct
    assert first.is_correct[result.only_first].all()
    assert not second.is_correct[result.only_first].any()
    assert result.difference.sum() == 0
    assert np.trace(result.difference) == second.is_correct.sum() - first.is_correct.sum()
    text = result.describe("simple", "ours")
    assert "p < 0.001" in text
    assert text.endswith("ours is significantly better on this test set.")


def test_a_report_compared_with_itself_shows_no_difference(shipped):
    same = compare_reports(shipped["digitlab_cnn"], shipped["digitlab_cnn"])
    assert same.p_value == 1
    assert "classify the same 9,9" in same.describe()


def test_a_small_difference_is_not_significant_and_a_large_one_is():
    base = build_report(range(20))
    small = rank_runs({"a": base, "b": build_report(range(15))})
    assert "5 only by b and 0 only by a" in small
    assert "p = 0.062" in small
    assert small.endswith("not statistically significant.")
    large = rank_runs({"a": base, "b": build_report(range(10))})
    assert large.endswith("b is significantly better on this test set.")


def test_paired_test_finds_what_overlapping_intervals_hide():
    """98.0 % and 99.0 % of 1,000 have overlapping intervals; the paired test is significant."""
    first, second = build_report(range(20)), build_report(range(10))
    assert first.metrics["interval"][1] > second.metrics["interval"][0]
    assert compare_reports(first, second).p_value < 0.01


def test_an_mnist_run_and_a_cifar_run_are_not_comparable():
    """Even with equal labels and sizes, another data set is other data."""
    mnist = build_report(range(10))
    cifar = build_report(range(280), test_set_id="cifar10")
    assert np.array_equal(mnist.labels, cifar.labels)
    with pytest.raises(ModelStoreError, match="not comparable"):
        compare_reports(mnist, cifar)
    text = rank_runs({"digits": mnist, "photos": cifar})
    assert "not comparable" in text
    assert "digits on MNIST handwritten digits" in text
    assert "photos on CIFAR-10 photos" in text
    assert "better" not in text


def test_another_split_of_equal_size_is_other_data():
    first, second = build_report([]), build_report([], labels=LABELS[::-1].copy())
    assert len(first.labels) == len(second.labels)
    with pytest.raises(ModelStoreError, match="not comparable"):
        compare_reports(first, second)
    assert "not comparable" in rank_runs({"a": first, "b": second})


def test_runs_are_ranked_within_each_data_set():
    photos = build_report(range(500), test_set_id="cifar10")
    text = rank_runs({"a": build_report(range(50)), "photos": photos, "b": build_report(range(5))})
    assert text.count("significantly better") == 1
    assert "b is significantly better" in text
    assert rank_runs({"a": photos}) == ""


def test_config_differences_are_sorted_by_importance():
    base = TrainConfig()
    other = replace(base, seed=1, epochs=9, learning_rate=0.01, weight_decay=0.001)
    found = find_config_differences({"a": base, "b": other, "c": base})
    assert [difference.field for difference in found] == [
        "learning_rate", "epochs", "weight_decay", "seed",
    ]  # fmt: skip
    assert found[1].values == {"a": 5, "b": 9, "c": 5}
    assert find_config_differences({"a": base, "b": base}) == []


@pytest.mark.parametrize("damage", [{"test": None}, [], None, {"test": {"accuracy": "x"}}])
def test_an_outcome_is_read_from_the_card(damage):
    run = create_run(TrainConfig(), name="done")
    assert load_run_outcome(run) is None
    card = get_model("simple_cnn").card
    card["test"] |= {"accuracy": 0.98, "interval": [0.97, 0.99], "n": 1000}
    card["training"] = {"epochs": 3, "seconds": 12.5}
    card["files"]["model.tflite"]["bytes"] = 4321
    write_json(run.directory / "card.json", card)
    assert load_run_outcome(run) == RunOutcome(0.98, (0.97, 0.99), 1000, 3, 12.5, 4321, False)
    write_json(run.directory / "card.json", damage)
    assert load_run_outcome(run) is None


def test_a_damaged_run_report_is_left_out():
    run = create_run(TrainConfig(), name="done")
    assert load_run_report(run) is None
    build_report([3]).save(run.directory / "report.npz")
    assert load_run_report(run).accuracy == 0.999
    (run.directory / "report.npz").write_bytes(b"PK")
    assert load_run_report(run) is None
