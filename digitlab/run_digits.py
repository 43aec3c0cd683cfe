"""A person's own digits in a run directory, and how the network reads them while it learns."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digitlab.errors import RunError
from digitlab.run_tables import append_rows, read_rows

MAX_DIGITS = 10
_IMAGES, _READINGS = "digits.npz", "digits.csv"


@dataclass(frozen=True)
class DigitReadings:
    """A person's digits and what the network said about them.

    Attributes:
        images: `(n, 28, 28)` uint8, ink 255.
        labels: `(n,)` what they are meant to be, -1 where unknown.
        epochs: `(k,)` after how many epochs each reading was made; 0 is before training.
        probabilities: `(k, n, classes)` float32.
    """

    images: np.ndarray
    labels: np.ndarray
    epochs: np.ndarray
    probabilities: np.ndarray


def save_digits(directory: Path, images: np.ndarray, labels: Sequence[int] | None) -> None:
    """Put a person's digits into a run directory.

    Raises:
        RunError: there are more than ten, or they are not `(n, 28, 28)` uint8.
    """
    labels = [-1] * len(images) if labels is None else labels
    if images.dtype != np.uint8 or images.shape != (len(labels), 28, 28):
        raise RunError(
            f"The digits are {images.dtype} {images.shape} for {len(labels)} labels; "
            "they must be uint8 (n, 28, 28) with n labels."
        )
    if len(images) > MAX_DIGITS:
        raise RunError(f"There are {len(images)} digits; at most {MAX_DIGITS} can be followed.")
    np.savez(directory / _IMAGES, images=images, labels=np.array(labels, np.int64))


def load_digits(directory: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Images and labels, as `DigitReadings` has them; None if there are none."""
    try:
        with np.load(directory / _IMAGES, allow_pickle=False) as arrays:
            return arrays["images"], arrays["labels"]
    except FileNotFoundError:
        return None


def append_reading(directory: Path, epoch: int, probabilities: np.ndarray) -> None:
    """Add what the network says after `epoch` epochs: `(n, classes)`."""
    rows = (
        {"epoch": epoch, "digit": k} | {f"p{c}": float(p) for c, p in enumerate(row)}
        for k, row in enumerate(probabilities)
    )
    append_rows(directory / _READINGS, rows)


def find_readings_path(directory: Path) -> Path:
    """The table that `append_reading` adds to."""
    return directory / _READINGS


def read_readings(directory: Path) -> DigitReadings | None:
    """All readings so far; None if the run has no digits."""
    digits = load_digits(directory)
    if digits is None:
        return None
    images, labels = digits
    rows, _ = read_rows(directory / _READINGS)
    n_classes = sum(key.startswith("p") for key in rows[0]) if rows else 0
    # Whole epochs only: the worker may be writing.
    n_epochs = len(rows) // len(images)
    rows = rows[: n_epochs * len(images)]
    table = np.array([[row[f"p{c}"] for c in range(n_classes)] for row in rows], np.float32)
    return DigitReadings(
        images,
        labels,
        epochs=np.array([int(row["epoch"]) for row in rows[:: len(images)]], np.int64),
        probabilities=table.reshape(n_epochs, len(images), n_classes),
    )
