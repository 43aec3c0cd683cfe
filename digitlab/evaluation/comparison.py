"""Compare models and runs: where their predictions differ, and whether that is significant.

One method throughout: McNemar's exact test on two reports of the same test images. Accuracies on
different data are not comparable, whatever the size of the test sets.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from digitlab.datasets.registry import find_test_set_spec
from digitlab.errors import ModelStoreError
from digitlab.evaluation.report import EvaluationReport
from digitlab.model_store.card import load_card
from digitlab.runs.run import Run
from digitlab.training.config import TrainConfig

_SIGNIFICANCE_LEVEL = 0.05

# Settings in the order in which differences are listed; those not named come before the last.
_FIRST_SETTINGS = (
    "dataset", "training_fraction", "net", "init_from", "learning_rate", "optimizer", "epochs",
    "batch_size", "schedule", "augmentation", "dropout", "batch_norm", "activation", "loss",
)  # fmt: skip
_LAST_SETTINGS = ("calibrate", "seed")


@dataclass(frozen=True)
class Comparison:
    """Two models on the same test images.

    Attributes:
        only_first, only_second: indices of the images that only this model classifies correctly.
        both_wrong: indices of the images that both misclassify.
        n_both_correct: how many images both classify correctly.
        difference: `(classes, classes)` int, the second confusion matrix minus the first.
        p_value: of McNemar's exact test, two-sided.
    """

    n: int
    only_first: np.ndarray
    only_second: np.ndarray
    both_wrong: np.ndarray
    n_both_correct: int
    difference: np.ndarray
    p_value: float

    def describe(self, first: str = "The first", second: str = "the second") -> str:
        """Describe the result of McNemar's test in one or two sentences.

        Args:
            first, second: the models' names.
        """
        a, b = len(self.only_first), len(self.only_second)
        if a + b == 0:
            return f"{first} and {second} classify the same {self.n_both_correct:,} correctly."
        counts = (
            f"Correct among {self.n:,} test images: {a:,} only by {first} and {b:,} only by "
            f"{second} (McNemar's exact test: {_format_p_value(self.p_value)})."
        )
        if self.p_value >= _SIGNIFICANCE_LEVEL:
            return f"{counts} The difference is not statistically significant."
        return f"{counts} {first if a > b else second} is significantly better on this test set."


def compare_reports(first: EvaluationReport, second: EvaluationReport) -> Comparison:
    """Compare two reports image by image.

    Raises:
        ModelStoreError: the reports are not about the same test images.
    """
    if not first.has_same_data(second):
        raise ModelStoreError(
            "These two models were tested on different data, so they are not comparable. "
            "Choose two models with the same test set."
        )
    first_correct, second_correct = first.is_correct, second.is_correct
    only_first = np.flatnonzero(first_correct & ~second_correct)
    only_second = np.flatnonzero(second_correct & ~first_correct)
    return Comparison(
        n=len(first.labels),
        only_first=only_first,
        only_second=only_second,
        both_wrong=np.flatnonzero(~first_correct & ~second_correct),
        n_both_correct=int((first_correct & second_correct).sum()),
        difference=np.subtract(second.metrics["confusion"], first.metrics["confusion"]),
        p_value=compute_mcnemar(len(only_first), len(only_second)),
    )


def compute_mcnemar(n_only_first: int, n_only_second: int) -> float:
    """Compute McNemar's exact test: a two-sided binomial test with probability 0.5.

    Returns:
        The p-value.
    Source: McNemar 1947; the exact form as in Dietterich 1998.
    """
    n, smaller = n_only_first + n_only_second, min(n_only_first, n_only_second)
    # Integers throughout: exact for any number of images.
    tail = sum(math.comb(n, k) for k in range(smaller + 1))
    return min(1.0, float(2 * tail / 2**n)) if n else 1.0


def _format_p_value(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


@dataclass(frozen=True)
class ConfigDifference:
    """A setting in which runs differ: its value in each run, by run id."""

    field: str
    values: dict[str, Any]


@dataclass(frozen=True)
class RunOutcome:
    """The result of a run that has finished.

    Attributes:
        accuracy, interval: on the test images, with the 95 % confidence interval; 0 to 1.
        n_test: the number of test images.
        fit_s: duration of training in seconds.
        size_bytes: of the TFLite file.
        is_sample: whether it was trained and tested on the offline sample only.
    """

    accuracy: float
    interval: tuple[float, float]
    n_test: int
    epochs: int
    fit_s: float
    size_bytes: int
    is_sample: bool


def load_run_outcome(run: Run) -> RunOutcome | None:
    """Read the outcome from a run's card; None if the run has no model or a damaged card."""
    try:
        card = load_card(run.directory)
    except (OSError, ValueError):
        return None
    return RunOutcome(
        card["test"]["accuracy"],
        card["test"]["interval"],
        card["test"]["n"],
        card["training"]["epochs"],
        card["training"]["seconds"],
        card["files"]["model.tflite"]["bytes"],
        card["data"]["is_sample"],
    )


def load_run_report(run: Run) -> EvaluationReport | None:
    """Load a run's report; None if the run has not finished or the report is damaged."""
    try:
        return EvaluationReport.load(run.directory / "report.npz")
    except ModelStoreError:
        return None


def rank_runs(reports: Mapping[str, EvaluationReport]) -> str:
    """Describe which run is best, by McNemar's test against the runner-up.

    Args:
        reports: by the names of the runs.
    Returns:
        A sentence or two for each test set; empty for fewer than two runs.
    """
    if len(reports) < 2:
        return ""
    groups = _group_by_data(reports)
    sentences = []
    if len(groups) > 1:
        parts = "; ".join(f"{', '.join(group)} on {_format_data(group)}" for group in groups)
        sentences.append(
            f"These runs were tested on different data, so they are not comparable: {parts}."
        )
    for group in groups:
        best_first = sorted(group, key=lambda name: -group[name].accuracy)
        if len(best_first) > 1:
            best, second = best_first[:2]
            sentences.append(compare_reports(group[best], group[second]).describe(best, second))
    return " ".join(sentences)


def _group_by_data(reports: Mapping[str, EvaluationReport]) -> list[dict[str, EvaluationReport]]:
    groups: list[dict[str, EvaluationReport]] = []
    for name, report in reports.items():
        for group in groups:
            if report.has_same_data(next(iter(group.values()))):
                group[name] = report
                break
        else:
            groups.append({name: report})
    return groups


def _format_data(group: Mapping[str, EvaluationReport]) -> str:
    report = next(iter(group.values()))
    spec = find_test_set_spec(report.test_set_id)
    return f"{spec.label if spec else 'other images'} ({len(report.labels):,} test images)"


def find_config_differences(configs: Mapping[str, TrainConfig]) -> list[ConfigDifference]:
    """Find the settings in which runs differ, the most important first.

    Args:
        configs: by run id.
    """
    names = [spec.name for spec in fields(TrainConfig)]
    found = []
    for name in sorted(names, key=lambda name: _compute_rank(name, names)):
        values = {run_id: getattr(config, name) for run_id, config in configs.items()}
        if len(set(values.values())) > 1:
            found.append(ConfigDifference(name, values))
    return found


def _compute_rank(name: str, names: list[str]) -> tuple[int, int]:
    if name in _FIRST_SETTINGS:
        return 0, _FIRST_SETTINGS.index(name)
    return (2 if name in _LAST_SETTINGS else 1), names.index(name)
