"""What the curves of a run mean, in plain words. No Keras here.

Each finding names the figures that it was read from, so that a person can find it in the curves.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

History = Sequence[Mapping[str, float]]

# The best epoch is no longer news when the validation loss has risen this much above it.
_RISE = 1.05
# Meanwhile the training loss must have gone on falling.
_FALL = 0.97
# An epoch that lowers the loss by more than this is worth another one.
_WORTH_ANOTHER = 0.01
# Training accuracy below this, and no longer rising: the network cannot do better.
_UNDERFIT = 0.95
_RISING = 0.003
# Up and down between epochs by more than this share, this often, is no learning any more.
_SWING = 0.15
_SWINGS = 0.34


@dataclass(frozen=True)
class Finding:
    """One thing the curves say.

    Attributes:
        kind: "not_a_number", "guessing", "rate_too_high", "overfitting", "underfitting",
            "improving", "finished", "better_than_training" or "early".
        level: "good", "note" or "problem".
        text: what is seen, with its figures.
        advice: what to do; may be empty.
        epoch: where it begins to be seen, from 1, if it has a place.
    """

    kind: str
    level: str
    text: str
    advice: str = ""
    epoch: int | None = None


def diagnose(history: History, *, is_over: bool, n_classes: int = 10) -> tuple[Finding, ...]:
    """Read the curves of a run, running or over.

    Args:
        history: one mapping an epoch, as Keras's CSV log names the values.
        is_over: whether no more epochs will come of themselves.
        n_classes: how many answers there are; a guess is right once in so many.
    Returns:
        The most important finding first; empty before the first epoch.
    """
    if not history:
        return ()
    broken = _find_not_a_number(history)
    if broken:
        return (broken,)
    if len(history) < 2:
        text = f"One epoch: {history[0]['accuracy']:.1%} on training data."
        return (Finding("early", "note", text, "Two epochs are needed to see a direction."),)
    main = (
        _find_guessing(history, n_classes)
        or _find_rate_too_high(history)
        or _find_overfitting(history)
        or (_find_underfitting(history) if is_over else None)
        or _find_improving(history, is_over=is_over)
        or _find_finished(history, is_over=is_over)
    )
    side = _find_better_than_training(history) if main.level != "problem" else None
    return (main, side) if side else (main,)


def find_best_epoch(history: History) -> int | None:
    """The epoch whose weights are kept, from 1: the lowest validation loss, else training loss."""
    key = _name_key(history, "loss")
    known = [
        (row[key], number)
        for number, row in enumerate(history, start=1)
        if key in row and math.isfinite(row[key])
    ]
    return min(known)[1] if known else None


def _name_key(history: History, quantity: str) -> str:
    """The validation's value where there is one, else the training's."""
    key = f"val_{quantity}"
    return key if any(key in row for row in history) else quantity


def _find_not_a_number(history: History) -> Finding | None:
    for number, row in enumerate(history, start=1):
        if not all(math.isfinite(row.get(key, 0.0)) for key in ("loss", "val_loss")):
            return Finding(
                "not_a_number",
                "problem",
                f"In epoch {number} the loss stopped being a number: the steps grew until the "
                "weights ran out of range.",
                "Choose a smaller learning rate, a tenth of this one for a start.",
                number,
            )
    return None


def _find_guessing(history: History, n_classes: int) -> Finding | None:
    """No better than chance after two epochs or more."""
    accuracy = history[-1]["accuracy"]
    if accuracy > 2.0 / n_classes:
        return None
    return Finding(
        "guessing",
        "problem",
        f"After {len(history)} epochs it is right {accuracy:.0%} of the time, and a guess would "
        f"be right {1 / n_classes:.0%}: it has learned nothing.",
        "Most often the learning rate is too high: try a tenth of it. If it is tiny already, "
        "try ten times as much.",
    )


def _find_rate_too_high(history: History) -> Finding | None:
    losses = [row["loss"] for row in history]
    if losses[-1] > 1.2 * min(losses) and losses[-1] > losses[0]:
        lowest = losses.index(min(losses)) + 1
        return Finding(
            "rate_too_high",
            "problem",
            f"The training loss rises: {min(losses):.3f} in epoch {lowest}, {losses[-1]:.3f} now. "
            "The steps are so long that they jump over what they look for.",
            "Choose a smaller learning rate, a third or a tenth of this one.",
            lowest + 1,
        )
    ups = [later > (1 + _SWING) * earlier for earlier, later in pairwise(losses)]
    if len(losses) >= 5 and sum(ups) > _SWINGS * len(ups):
        return Finding(
            "rate_too_high",
            "problem",
            f"The training loss jumps up and down: it rose in {sum(ups)} of {len(ups)} epochs.",
            "Choose a smaller learning rate, or a schedule that lowers it.",
            ups.index(True) + 2,
        )
    return None


def _find_overfitting(history: History) -> Finding | None:
    best = find_best_epoch(history)
    if best is None or "val_loss" not in history[-1] or best == len(history):
        return None
    then, now = history[best - 1], history[-1]
    after = [row["val_loss"] for row in history[best:]]
    # One bad epoch may be chance: the rise must be seen in most epochs since the best one.
    risen = sum(loss > _RISE * then["val_loss"] for loss in after)
    if len(after) < 2 or risen < 0.6 * len(after) or now["val_loss"] <= _RISE * then["val_loss"]:
        return None
    if now["loss"] > _FALL * then["loss"]:
        return None
    return Finding(
        "overfitting",
        "problem",
        f"Overfitting since epoch {best + 1}: the validation loss rises "
        f"({then['val_loss']:.3f} to {now['val_loss']:.3f}) while the training loss falls "
        f"({then['loss']:.3f} to {now['loss']:.3f}). It learns its examples by heart.",
        f"Epoch {best} is kept. More data, augmentation, dropout or early stopping help.",
        best + 1,
    )


def _find_underfitting(history: History) -> Finding | None:
    accuracy = history[-1]["accuracy"]
    if accuracy >= _UNDERFIT or len(history) < 3 or accuracy - history[-2]["accuracy"] > _RISING:
        return None
    return Finding(
        "underfitting",
        "problem",
        f"Underfitting: even on the data it trains on it is right only {accuracy:.1%} of the "
        f"time, and the last epoch changed that by {accuracy - history[-2]['accuracy']:+.1%}.",
        "Choose a larger network, a higher learning rate, or less dropout and decay.",
    )


def _find_improving(history: History, *, is_over: bool) -> Finding | None:
    key = _name_key(history, "loss")
    losses = [row[key] for row in history if key in row]
    if len(losses) < 2 or losses[-1] > min(losses):
        return None
    before = min(losses[:-1])
    gain = 1 - losses[-1] / before if before > 0 else 0.0
    if gain < _WORTH_ANOTHER:
        return None
    part = "validation" if key == "val_loss" else "training"
    return Finding(
        "improving",
        "good" if not is_over else "note",
        f"Still improving: the last epoch lowered the {part} loss by {gain:.0%} "
        f"({before:.4f} to {losses[-1]:.4f}).",
        "More epochs are likely to help: resume it." if is_over else "",
        len(history),
    )


def _find_finished(history: History, *, is_over: bool) -> Finding:
    best = find_best_epoch(history) or len(history)
    row = history[best - 1]
    key = _name_key(history, "accuracy")
    part = "validation" if key == "val_accuracy" else "training"
    since = len(history) - best
    if not is_over:
        text = (
            f"Level: no better than epoch {best} for {since} epochs."
            if since
            else f"Epoch {best} is the best so far, by a little."
        )
        return Finding("finished", "note", text, "Little more is to be gained.", best)
    return Finding(
        "finished",
        "good",
        f"Finished well: {row.get(key, row['accuracy']):.2%} on {part} data in epoch {best}, and "
        "the curves are level.",
        "",
        best,
    )


def _find_better_than_training(history: History) -> Finding | None:
    """What puzzles people: validation better than training."""
    last = history[-1]
    if last.get("val_accuracy", 0.0) <= last["accuracy"] + 0.003:
        return None
    return Finding(
        "better_than_training",
        "note",
        f"Validation ({last['val_accuracy']:.1%}) looks better than training "
        f"({last['accuracy']:.1%}). That is no mistake: the training figure is an average over "
        "the epoch, taken with dropout and augmentation on.",
    )
