"""Runs beside one another: how their settings differ, and what came out. No Keras here."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from digitlab.runs import Run
from digitlab.shelf import read_card
from digitlab.training.config import TrainConfig

# What usually changes the result most comes first; what is not named here comes before the last.
_FIRST = (
    "dataset", "data_share", "net", "start_from", "learning_rate", "optimizer", "epochs",
    "batch_size", "schedule", "augmentation", "dropout", "batch_norm", "activation", "loss",
)  # fmt: skip
_LAST = ("calibrate", "seed")


@dataclass(frozen=True)
class Difference:
    """A setting in which runs differ: its value in each run, by the runs' ids."""

    field: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
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


def find_differences(configs: Mapping[str, TrainConfig]) -> list[Difference]:
    """The settings in which runs differ, those that matter most first.

    Args:
        configs: by the runs' ids.
    """
    names = [spec.name for spec in fields(TrainConfig)]
    found = []
    for name in sorted(names, key=lambda name: _rank(name, names)):
        values = {run_id: getattr(config, name) for run_id, config in configs.items()}
        if len(set(values.values())) > 1:
            found.append(Difference(name, values))
    return found


def read_outcome(run: Run) -> Outcome | None:
    """What came out of a run; None as long as it has no model, or its card cannot be read."""
    try:
        card = read_card(run.directory)
        low, high = card["test"]["interval"]
        return Outcome(
            card["test"]["accuracy"],
            (low, high),
            card["test"]["n"],
            card["training"]["epochs"],
            card["training"]["seconds"],
            card["files"]["model.tflite"]["bytes"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def judge_outcomes(outcomes: Mapping[str, Outcome]) -> str:
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
