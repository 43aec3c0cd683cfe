"""The CSV tables of a run directory, which are read while the worker appends to them."""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from digitlab.errors import RunError
from digitlab.files import replace_file

Row = dict[str, float]
MAX_DIGITS = 10
_IMAGES, _READINGS = "digits.npz", "digits.csv"


def append_rows(path: Path, rows: Iterable[Mapping[str, float]]) -> None:
    """Append rows to a table; a new table gets the first row's keys as its header.

    Raises:
        OSError: the disk is full, for example.
    """
    text = StringIO()
    writer = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(text, list(row), lineterminator="\n")
            if not path.exists():
                writer.writeheader()
        writer.writerow({key: f"{value:.6g}" for key, value in row.items()})
    # One write, so that readers see complete rows unless the disk is full.
    with path.open("a", encoding="utf-8") as file:
        file.write(text.getvalue())


def read_rows(path: Path, since: int = 0) -> tuple[list[Row], int]:
    """Read a table, or the rows appended since the last call.

    Args:
        since: the file position in bytes where the last call ended; 0 for everything.
    Returns:
        The rows, and the file position for the next call. Missing values ("NA" in Keras's log)
        are left out, and so is an incomplete last line.
    """
    try:
        with path.open("rb") as file:
            header = file.readline()
            since = since if _is_end_of_line(file, since) else len(header)
            file.seek(since)
            content = file.read()
    except FileNotFoundError:
        return [], 0
    content = content[: content.rfind(b"\n") + 1]
    if not header.endswith(b"\n"):
        return [], 0
    reader = csv.DictReader(StringIO((header + content).decode("utf-8", "replace")))
    return [_parse(row) for row in reader], since + len(content)


def truncate_table(path: Path, column: str, limit: float) -> None:
    """Drop the rows whose value in a column is at least `limit`, and an incomplete last line."""
    rows, end = read_rows(path)
    if not end:
        path.unlink(missing_ok=True)
        return
    content = path.read_bytes()
    lines = content[:end].splitlines(keepends=True)
    kept = [line for line, row in zip(lines[1:], rows, strict=True) if row[column] < limit]
    shorter = b"".join([lines[0], *kept])
    if shorter != content:
        replace_file(path, shorter)


def _is_end_of_line(file: BinaryIO, position: int) -> bool:
    """Whether a row starts at this position; False if the table was truncated before it."""
    if not 0 < position <= os.fstat(file.fileno()).st_size:
        return False
    file.seek(position - 1)
    return file.read(1) == b"\n"


def _parse(row: dict[str, str]) -> Row:
    values = {}
    for key, text in row.items():
        try:
            values[key] = float(text)
        except (TypeError, ValueError):
            continue
    return values


@dataclass(frozen=True)
class DigitReadings:
    """The user's digits and their class probabilities after each epoch.

    Attributes:
        images: `(n, 28, 28)` uint8, ink 255.
        labels: `(n,)` the digits the user meant, -1 where unknown.
        epochs: `(k,)` after how many epochs they were classified; 0 is before training.
        probabilities: `(k, n, classes)` float32.
    """

    images: np.ndarray
    labels: np.ndarray
    epochs: np.ndarray
    probabilities: np.ndarray


def save_digits(directory: Path, images: np.ndarray, labels: Sequence[int] | None) -> None:
    """Save the user's digits in a run directory.

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
        raise RunError(f"There are {len(images)} digits; at most {MAX_DIGITS} are allowed.")
    np.savez(directory / _IMAGES, images=images, labels=np.array(labels, np.int64))


def load_digits(directory: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Images and labels, as `DigitReadings` has them; None if there are none."""
    try:
        with np.load(directory / _IMAGES, allow_pickle=False) as arrays:
            return arrays["images"], arrays["labels"]
    except FileNotFoundError:
        return None


def append_reading(directory: Path, epoch: int, probabilities: np.ndarray) -> None:
    """Append the class probabilities `(n, classes)` after `epoch` epochs."""
    rows = (
        {"epoch": epoch, "digit": k} | {f"p{c}": float(p) for c, p in enumerate(row)}
        for k, row in enumerate(probabilities)
    )
    append_rows(directory / _READINGS, rows)


def find_readings_path(directory: Path) -> Path:
    """The table that `append_reading` appends to."""
    return directory / _READINGS


def read_readings(directory: Path) -> DigitReadings | None:
    """The digits and their probabilities so far; None if the run has no digits."""
    digits = load_digits(directory)
    if digits is None:
        return None
    images, labels = digits
    rows, _ = read_rows(directory / _READINGS)
    n_classes = sum(key.startswith("p") for key in rows[0]) if rows else 0
    # Complete epochs only: the worker may be writing.
    n_epochs = len(rows) // len(images)
    rows = rows[: n_epochs * len(images)]
    table = np.array([[row[f"p{c}"] for c in range(n_classes)] for row in rows], np.float32)
    return DigitReadings(
        images,
        labels,
        epochs=np.array([int(row["epoch"]) for row in rows[:: len(images)]], np.int64),
        probabilities=table.reshape(n_epochs, len(images), n_classes),
    )
