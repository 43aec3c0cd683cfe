"""Diagnosis of learning curves: divergence, overfitting, underfitting, plateaus.

Every finding quotes the figures that it is based on.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from digitlab.datasets.registry import get_dataset_spec
from digitlab.nets.layers import Dropout
from digitlab.nets.registry import get_net_spec
from digitlab.quantities import format_count
from digitlab.training.augmentation import plan_augmentation
from digitlab.training.config import TrainConfig

History = Sequence[Mapping[str, float]]

# Overfitting: the validation loss exceeds its minimum by this factor, in most epochs since, ...
_VAL_LOSS_RISE = 1.05
# ... while the training loss has fallen to at most this fraction of its value at the minimum.
_LOSS_FALL = 0.97
# An epoch that lowers the loss by more than this fraction is an improvement.
_MIN_IMPROVEMENT = 0.01
# Epochs without a better loss after which a running curve counts as a plateau.
_PLATEAU_EPOCHS = 3
# Underfitting: the training accuracy is below this, and rises by less than that per epoch.
_LOW_ACCURACY = 0.95
_MIN_ACCURACY_GAIN = 0.003
# Oscillation: the loss rises by this fraction, in this fraction of the epochs.
_OSCILLATION_RISE = 0.15
_OSCILLATION_EPOCHS = 0.34
# Validation accuracy above training accuracy by more than this needs an explanation.
_NOTABLE_GAP = 0.003


@dataclass(frozen=True)
class Finding:
    """One conclusion from the learning curves.

    Attributes:
        kind: "nan_loss", "chance_accuracy", "lr_too_high", "overfitting", "underfitting",
            "improving", "plateau", "finished", "validation_above_training" or "too_early".
        level: "good", "note" or "problem".
        text: what the curves show, with figures.
        advice: what to do; may be empty.
        epoch: where it starts, counted from 1; None if it concerns the whole run.
    """

    kind: str
    level: str
    text: str
    advice: str = ""
    epoch: int | None = None


def list_training_noise(config: TrainConfig) -> tuple[str, ...]:
    """What makes a run's training images harder than its validation images."""
    n_classes = len(get_dataset_spec(config.dataset).class_names)
    layers = get_net_spec(config.net).plan(config.net_options, n_classes)
    has_dropout = any(isinstance(layer, Dropout) for layer in layers)
    noise = {"dropout": has_dropout, "augmentation": not plan_augmentation(config).is_none}
    return tuple(name for name, is_on in noise.items() if is_on)


def diagnose(
    history: History, *, is_over: bool, n_classes: int = 10, training_noise: Sequence[str] = ()
) -> tuple[Finding, ...]:
    """Diagnose the learning curves of a run.

    Args:
        history: one mapping per epoch, with the names of Keras's CSV log.
        is_over: whether the run has ended.
        n_classes: number of classes; determines chance accuracy.
        training_noise: as `list_training_noise` returns it.
    Returns:
        The most important finding first; empty before the first epoch.
    """
    if not history:
        return ()
    diverged = _find_nan_loss(history)
    if diverged:
        return (diverged,)
    if len(history) < 2:
        text = f"Training accuracy after one epoch: {history[0]['accuracy']:.1%}."
        return (Finding("too_early", "note", text, "A trend needs at least two epochs."),)
    main = (
        _find_chance_accuracy(history, n_classes)
        or _find_lr_too_high(history)
        or _find_overfitting(history)
        or (_find_underfitting(history) if is_over else None)
        or _find_improving(history, is_over=is_over)
        or (_build_finished(history) if is_over else _find_plateau(history))
    )
    if main.level == "problem":
        return (main,)
    side = _find_validation_above_training(history, training_noise)
    return (main, side) if side else (main,)


def find_best_epoch(history: History) -> int | None:
    """The epoch whose weights are kept, counted from 1.

    Returns:
        The epoch of the lowest validation loss, or of the lowest training loss without
        validation data; None if no epoch has a finite loss.
    """
    key = _get_key(history, "loss")
    losses = [
        (row[key], number)
        for number, row in enumerate(history, start=1)
        if key in row and math.isfinite(row[key])
    ]
    return min(losses)[1] if losses else None


def _get_key(history: History, quantity: str) -> str:
    """The name of the validation value if there is one, else of the training value."""
    key = f"val_{quantity}"
    return key if any(key in row for row in history) else quantity


def _find_nan_loss(history: History) -> Finding | None:
    for number, row in enumerate(history, start=1):
        if not all(math.isfinite(row.get(key, 0.0)) for key in ("loss", "val_loss")):
            return Finding(
                "nan_loss",
                "problem",
                f"Training diverged: the loss is NaN or infinite in epoch {number}.",
                "Choose a smaller learning rate, a tenth of this one to start with.",
                number,
            )
    return None


def _find_chance_accuracy(history: History, n_classes: int) -> Finding | None:
    accuracy = history[-1]["accuracy"]
    if accuracy > 2.0 / n_classes:
        return None
    return Finding(
        "chance_accuracy",
        "problem",
        f"The network has learned nothing: training accuracy after "
        f"{format_count(len(history), 'epoch')} is {accuracy:.0%}, and chance is "
        f"{1 / n_classes:.0%}.",
        "The learning rate is probably too high: try a tenth of it. If it is already very small, "
        "try ten times as much.",
    )


def _find_lr_too_high(history: History) -> Finding | None:
    losses = [row["loss"] for row in history]
    if losses[-1] > 1.2 * min(losses) and losses[-1] > losses[0]:
        lowest = losses.index(min(losses)) + 1
        return Finding(
            "lr_too_high",
            "problem",
            f"The training loss rises: {min(losses):.3f} in epoch {lowest}, {losses[-1]:.3f} in "
            f"epoch {len(losses)}. The optimizer overshoots.",
            "Choose a smaller learning rate, a third or a tenth of this one.",
            lowest + 1,
        )
    rises = [later > (1 + _OSCILLATION_RISE) * earlier for earlier, later in pairwise(losses)]
    if len(losses) >= 5 and sum(rises) > _OSCILLATION_EPOCHS * len(rises):
        return Finding(
            "lr_too_high",
            "problem",
            f"The training loss oscillates: it rose in {sum(rises)} of {len(rises)} epochs.",
            "Choose a smaller learning rate, or a schedule that lowers it.",
            rises.index(True) + 2,
        )
    return None


def _find_overfitting(history: History) -> Finding | None:
    best = find_best_epoch(history)
    if best is None or "val_loss" not in history[-1] or best == len(history):
        return None
    then, now = history[best - 1], history[-1]
    after = [row["val_loss"] for row in history[best:]]
    # A single bad epoch may be noise: most epochs since the best one must be worse.
    n_worse = sum(loss > _VAL_LOSS_RISE * then["val_loss"] for loss in after)
    is_worse = now["val_loss"] > _VAL_LOSS_RISE * then["val_loss"]
    if len(after) < 2 or n_worse < 0.6 * len(after) or not is_worse:
        return None
    if now["loss"] > _LOSS_FALL * then["loss"]:
        return None
    return Finding(
        "overfitting",
        "problem",
        f"Overfitting since epoch {best + 1}: validation loss rises ({then['val_loss']:.3f} to "
        f"{now['val_loss']:.3f}) while training loss falls ({then['loss']:.3f} to "
        f"{now['loss']:.3f}).",
        f"The weights of epoch {best} are kept. More data, augmentation, dropout or early "
        "stopping help.",
        best + 1,
    )


def _find_underfitting(history: History) -> Finding | None:
    accuracy = history[-1]["accuracy"]
    gain = accuracy - history[-2]["accuracy"]
    if accuracy >= _LOW_ACCURACY or len(history) < 3 or gain > _MIN_ACCURACY_GAIN:
        return None
    return Finding(
        "underfitting",
        "problem",
        f"Underfitting: training accuracy is only {accuracy:.1%}, and the last epoch changed it "
        f"by {gain:+.1%}.",
        "Choose a larger network, a higher learning rate, or less dropout and weight decay.",
    )


def _find_improving(history: History, *, is_over: bool) -> Finding | None:
    key = _get_key(history, "loss")
    losses = [row[key] for row in history if key in row]
    if len(losses) < 2 or losses[-1] > min(losses):
        return None
    before = min(losses[:-1])
    gain = 1 - losses[-1] / before if before > 0 else 0.0
    if gain < _MIN_IMPROVEMENT:
        return None
    part = "validation" if key == "val_loss" else "training"
    return Finding(
        "improving",
        "note" if is_over else "good",
        f"Still improving: the last epoch lowered the {part} loss by {gain:.0%} "
        f"({before:.4f} to {losses[-1]:.4f}).",
        "Resume the run to train for more epochs." if is_over else "",
        len(history),
    )


def _find_plateau(history: History) -> Finding:
    """What to say of a running curve that is not improving: a plateau, or not yet one."""
    best = find_best_epoch(history) or len(history)
    n_since = len(history) - best
    if n_since >= _PLATEAU_EPOCHS:
        return Finding(
            "plateau",
            "note",
            f"Plateau: no improvement for {n_since} epochs; the best is epoch {best}.",
            "More epochs are unlikely to help.",
            best,
        )
    text = f"Epoch {best} is the best so far."
    return Finding("too_early", "note", text, "The last epochs show no clear trend.", best)


def _build_finished(history: History) -> Finding:
    best = find_best_epoch(history) or len(history)
    row = history[best - 1]
    key = _get_key(history, "accuracy")
    part = "Validation" if key == "val_accuracy" else "Training"
    return Finding(
        "finished",
        "good",
        f"{part} accuracy {row.get(key, row['accuracy']):.2%} in the best epoch ({best} of "
        f"{len(history)}). The last epoch brought no notable improvement.",
        "",
        best,
    )


def _find_validation_above_training(
    history: History, training_noise: Sequence[str]
) -> Finding | None:
    """Explain a validation accuracy above the training accuracy, which is normal."""
    last = history[-1]
    if last.get("val_accuracy", 0.0) <= last["accuracy"] + _NOTABLE_GAP:
        return None
    on = " and ".join(training_noise)
    return Finding(
        "validation_above_training",
        "note",
        f"Validation accuracy ({last['val_accuracy']:.1%}) is above training accuracy "
        f"({last['accuracy']:.1%}). This is normal: training accuracy is averaged over the epoch"
        f"{f', with {on} on' if on else ''}.",
    )
