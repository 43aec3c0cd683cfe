"""Pen strokes as a digitiser recorded them, and which writers are kept apart for measuring."""

import gzip
import hashlib
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.errors import DatasetCorruptError

# One writer in so many is never learned from.
_HELD_OUT_ONE_IN = 7
_READ_ERRORS = (
    OSError, EOFError, ValueError, KeyError, TypeError, RecursionError, zlib.error,
)  # fmt: skip


@dataclass(frozen=True)
class PenDigit:
    """One character written with a pen.

    Attributes:
        label: what was written, a digit or a letter.
        writer: who wrote it.
        strokes: for each stroke `(n, 2)` float64, x to the right and y down, pixels, n >= 1.
    """

    label: str
    writer: str
    strokes: tuple[np.ndarray, ...]


def load_pen_strokes(path: Path) -> list[PenDigit]:
    """Read a `.jsonl.gz` file: a line is `{"label": …, "writer": …, "strokes": [[[x, y], …], …]}`.

    Raises:
        DatasetCorruptError: the file is damaged, or a line is no such thing.
    """
    digits: list[PenDigit] = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                digits.append(_read_line(json.loads(line)))
    except _READ_ERRORS as error:
        raise DatasetCorruptError(
            f"{path} is damaged: line {len(digits) + 1} holds no pen strokes ({error!s:.120}). "
            "Delete it or replace it."
        ) from error
    if not digits:
        raise DatasetCorruptError(f"{path} holds no pen strokes. Delete it or replace it.")
    return digits


def is_held_out(writer: str) -> bool:
    """Whether a writer is kept apart for measuring; the same everywhere and for ever."""
    return int(hashlib.sha256(writer.encode()).hexdigest(), 16) % _HELD_OUT_ONE_IN == 0


def _read_line(content: Any) -> PenDigit:
    strokes = tuple(np.array(stroke, dtype=np.float64) for stroke in content["strokes"])
    for stroke in strokes:
        if stroke.ndim != 2 or stroke.shape[1] != 2 or not np.isfinite(stroke).all():
            raise ValueError("a stroke is no list of points [x, y]")
    if not strokes:
        raise ValueError("it has no strokes")
    return PenDigit(str(content["label"]), str(content["writer"]), strokes)
