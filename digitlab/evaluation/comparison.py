"""Two models on the same digits."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from digitlab.errors import ModelStoreError
from digitlab.evaluation.report import EvaluationReport
from digitlab.model_store.card import load_card
from digitlab.runs.run import Run
from digitlab.training.config import TrainConfig

_SIGNIFICANT = 0.05

# What usually changes the result most comes first; what is not named here comes before the last.
_FIRST = (
    "dataset", "training_fraction", "net", "init_from", "learning_rate", "optimizer", "epochs",
    "batch_size", "schedule", "augmentation", "dropout", "batch_norm", "activation", "loss",
)  # fmt: skip
_LAST = ("calibrate", "seed")


@dataclass(frozen=True)
class Comparison:
    """What two models make of the same digits.

    Attributes:
        only_first, only_second: places of the digits that this one alone reads right.
        both_wrong: places of the digits that neither reads right.
        n_both_correct: how many both read right.
        difference: `(classes, classes)` int, the second's confusion matrix less the first's.
        p_value: McNemar's exact test, two-sided.
    """

    n: int
    first_accuracy: float
    second_accuracy: float
    only_first: np.ndarray
    only_second: np.ndarray
    both_wrong: np.ndarray
    n_both_correct: int
    difference: np.ndarray
    p_value: float

    def describe(self, first: str = "The first", second: str = "the second") -> str:
        """McNemar's test in words.

        Args:
            first, second: the models' names.
        """
        a, b = len(self.only_first), len(self.only_second)
        if a + b == 0:
            return f"{first} and {second} read the same {self.n_both_correct:,} digits right."
        counts = (
            f"{first} alone reads {a:,} of {self.n:,} digits right, {second} alone {b:,}. "
            f"If both were equally good, a split at least as uneven would come up in "
            f"{_format_chance(self.p_value)} of such tests (McNemar's exact test). "
        )
        if self.p_value >= _SIGNIFICANT:
            return counts + "So this test set does not show which of them is better."
        return counts + f"So {first if a > b else second} is better on digits like these."


def compare_reports(first: EvaluationReport, second: EvaluationReport) -> Comparison:
    """Set two reports side by side.

    Raises:
        ModelStoreError: they are not of the same digits.
    """
    if not np.array_equal(first.labels, second.labels):
        raise ModelStoreError(
            "These two models were tested on different digits, so they cannot be compared. "
            "Choose two that were tested on the same data set."
        )
    one, other = first.is_correct, second.is_correct
    only_first, only_second = np.flatnonzero(one & ~other), np.flatnonzero(other & ~one)
    return Comparison(
        n=len(first.labels),
        first_accuracy=first.accuracy,
        second_accuracy=second.accuracy,
        only_first=only_first,
        only_second=only_second,
        both_wrong=np.flatnonzero(~one & ~other),
        n_both_correct=int((one & other).sum()),
        difference=np.subtract(second.metrics["confusion"], first.metrics["confusion"]),
        p_value=compute_mcnemar(len(only_first), len(only_second)),
    )


def compute_mcnemar(n_only_first: int, n_only_second: int) -> float:
    """McNemar's exact test: the two-sided binomial test of two counts against even odds.

    Returns:
        How probable a split at least as uneven is if both are equally good, 0 to 1.
    Source: McNemar 1947; the exact form as in Dietterich 1998.
    """
    n, fewer = n_only_first + n_only_second, min(n_only_first, n_only_second)
    # Whole numbers throughout: exact, however many digits there are.
    below = sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, float(2 * below / 2**n)) if n else 1.0


def _format_chance(p_value: float) -> str:
    return "fewer than 1 in 1,000" if p_value < 0.001 else f"{p_value:.1%}"


@dataclass(frozen=True)
class ConfigDifference:
    """A setting in which runs differ: its value in each run, by the runs' ids."""

    field: str
    values: dict[str, Any]


@dataclass(frozen=True)
class RunOutcome:
    """What came out of a run that has a model.

    Attributes:
        accuracy, interval: on test images, with its 95 % interval; 0 to 1.
        n_test: how many test images.
        fit_s: how long training took, in seconds.
        size_bytes: of the TFLite file.
    """

    accuracy: float
    interval: tuple[float, float]
    n_test: int
    epochs: int
    fit_s: float
    size_bytes: int


def find_config_differences(configs: Mapping[str, TrainConfig]) -> list[ConfigDifference]:
    """The settings in which runs differ, those that matter most first.

    Args:
        configs: by the runs' ids.
    """
    names = [spec.name for spec in fields(TrainConfig)]
    found = []
    for name in sorted(names, key=lambda name: _rank(name, names)):
        values = {run_id: getattr(config, name) for run_id, config in configs.items()}
        if len(set(values.values())) > 1:
            found.append(ConfigDifference(name, values))
    return found


def load_run_outcome(run: Run) -> RunOutcome | None:
    """What came out of a run; None as long as it has no model, or its card cannot be read."""
    try:
        card = load_card(run.directory)
        low, high = card["test"]["interval"]
        return RunOutcome(
            card["test"]["accuracy"],
            (low, high),
            card["test"]["n"],
            card["training"]["epochs"],
            card["training"]["seconds"],
            card["files"]["model.tflite"]["bytes"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def rank_outcomes(outcomes: Mapping[str, RunOutcome]) -> str:
    """One sentence: which run is best, and whether that may be chance.

    Args:
        outcomes: by the runs' names.
    """
    if len(outcomes) < 2:
        return ""
    best, second = sorted(outcomes, key=lambda name: -outcomes[name].accuracy)[:2]
    gap = outcomes[best].accuracy - outcomes[second].accuracy
    if outcomes[best].n_test != outcomes[second].n_test:
        return (
            f"{best} and {second} were tested on different data: their accuracies do not compare."
        )
    if outcomes[second].interval[1] >= outcomes[best].interval[0]:
        return (
            f"{best} is ahead of {second} by {gap:.2%}, but their intervals overlap: on "
            f"{outcomes[best].n_test:,} test images that may be chance."
        )
    return f"{best} is better than {second} by {gap:.2%}, more than chance explains."


def _rank(name: str, names: list[str]) -> tuple[int, int]:
    if name in _FIRST:
        return 0, _FIRST.index(name)
    return (2 if name in _LAST else 1), names.index(name)
