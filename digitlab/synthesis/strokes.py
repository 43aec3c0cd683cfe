"""Load recorded pen strokes, select held-out writers, and augment strokes."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.errors import DatasetCorruptError

# One writer in seven is held out from training.
_HELD_OUT_ONE_IN = 7
_READ_ERRORS = (
    OSError, EOFError, ValueError, KeyError, TypeError, RecursionError, zlib.error,
)  # fmt: skip

Strokes = list[np.ndarray]

# Ranges of augmentation that leave a digit recognizable.
_ROTATION_DEG = 10.0
_SHEAR = 0.25
_LOG_ASPECT = 0.18
_BEND = 0.03
_TREMOR = 0.008
_Random = np.random.Generator
# The probability of each writing style: a slash through a 0, a bar through a 7, a flag and a base
# on a 1, a hook below a 9.
_P_SLASH, _P_BAR, _P_FLAG, _P_BASE, _P_HOOK = 0.14, 0.1, 0.3, 0.08, 0.2
# A 1 wider than this fraction of its height has a flag already.
_MAX_BARE_WIDTH = 0.4
# How far a flag reaches to the side, as a fraction of the 1's height.
_MAX_FLAG_REACH = 0.3


@dataclass(frozen=True)
class PenDigit:
    """One character written with a pen.

    Attributes:
        label: the digit or letter.
        writer: id of the writer.
        strokes: for each stroke `(n, 2)` float64, x to the right and y down, pixels, n >= 1.
    """

    label: str
    writer: str
    strokes: tuple[np.ndarray, ...]


def load_pen_strokes(path: Path) -> list[PenDigit]:
    """Load a `.jsonl.gz` file of lines `{"label": …, "writer": …, "strokes": [[[x, y], …], …]}`.

    Raises:
        DatasetCorruptError: the file is damaged, empty, or has another format.
    """
    digits: list[PenDigit] = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                digits.append(_parse_line(json.loads(line)))
    except _READ_ERRORS as error:
        raise DatasetCorruptError(
            f"{path.name} is damaged: line {len(digits) + 1} has no pen strokes ({error!s:.120}). "
            "Delete or replace it."
        ) from error
    if not digits:
        raise DatasetCorruptError(f"{path} has no pen strokes. Delete or replace it.")
    return digits


def is_held_out(writer: str) -> bool:
    """Whether a writer is held out from training. The choice is fixed by a hash of the id."""
    return int(hashlib.sha256(writer.encode()).hexdigest(), 16) % _HELD_OUT_ONE_IN == 0


def _parse_line(content: Any) -> PenDigit:
    strokes = tuple(np.array(stroke, dtype=np.float64) for stroke in content["strokes"])
    for stroke in strokes:
        if stroke.ndim != 2 or stroke.shape[1] != 2 or not np.isfinite(stroke).all():
            raise ValueError("a stroke is not a list of points [x, y]")
    if not strokes:
        raise ValueError("it has no strokes")
    return PenDigit(str(content["label"]), str(content["writer"]), strokes)


def augment_strokes(strokes: Sequence[np.ndarray], random: np.random.Generator) -> Strokes:
    """Rotate, shear, stretch, bend, shake and shorten strokes at random.

    Args:
        strokes: lines `(n, 2)`, any unit.
    Returns:
        As many lines, in the same unit.
    """
    points = np.concatenate(list(strokes))
    low, high = points.min(axis=0), points.max(axis=0)
    size = max(float((high - low).max()), 1e-6)
    centre = (low + high) / 2
    matrix = _draw_matrix(random)
    # The bend is one sine wave in each direction.
    waves = random.normal(0, _BEND, (2, 2)), random.uniform(0, 2 * np.pi, (2, 2))
    tremor = _TREMOR * random.uniform(0, 1.5)
    augmented = []
    for stroke in strokes:
        points = _subsample(_shorten(stroke, random), random)
        unit = (points - centre) / size  # about -0.5 to 0.5
        for axis in range(2):
            phase = waves[1][axis] + 2 * np.pi * unit[:, ::-1]
            unit = unit + waves[0][axis] * np.sin(phase) / 2
        unit = unit + _smooth_noise(len(unit), random) * tremor
        augmented.append(unit @ matrix.T * size + centre)
    return augmented


def _draw_matrix(random: np.random.Generator) -> np.ndarray:
    angle = np.deg2rad(random.uniform(-_ROTATION_DEG, _ROTATION_DEG))
    rotate = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shear = np.array([[1.0, random.uniform(-_SHEAR, _SHEAR)], [0.0, 1.0]])
    aspect = np.exp(random.uniform(-_LOG_ASPECT, _LOG_ASPECT))
    return rotate @ shear @ np.diag([aspect, 1 / aspect])


def _shorten(stroke: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Cut off the beginning or the end of some strokes."""
    if len(stroke) < 12 or random.random() > 0.15:
        return stroke
    cut = max(1, round(len(stroke) * random.uniform(0.02, 0.08)))
    return stroke[cut:] if random.random() < 0.5 else stroke[:-cut]


def _subsample(stroke: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Drop points of some strokes, as a slow mouse does."""
    step = int(random.choice([1, 1, 2, 3]))
    if step == 1 or len(stroke) < 8 * step:
        return stroke
    return np.vstack([stroke[:-1:step], stroke[-1:]])


def _smooth_noise(n: int, random: np.random.Generator) -> np.ndarray:
    noise = random.normal(0, 1, (n + 4, 2))
    kernel = np.ones(5) / np.sqrt(5)
    return np.stack([np.convolve(noise[:, k], kernel, mode="valid") for k in range(2)], axis=1)


def add_writing_styles(strokes: Sequence[np.ndarray], digit: int, random: _Random) -> Strokes:
    """Add a style to some digits: a slashed 0, a crossed 7, a 1 with flag or base, a hooked 9.

    Args:
        strokes: lines `(n, 2)`, y down, any unit.
        digit: the digit they show.
    Returns:
        The same lines and at most two more.
    """
    draw = _WRITING_STYLES.get(digit)
    if draw is None:
        return list(strokes)
    return [*strokes, *draw(np.concatenate(list(strokes)), random)]


def _slash_zero(points: np.ndarray, random: _Random) -> Strokes:
    """A bar through the centre that ends inside or outside the 0."""
    if random.random() > _P_SLASH:
        return []
    low, high = points.min(axis=0), points.max(axis=0)
    # From 60 degrees rising to 15 degrees falling; y points down.
    angle = np.deg2rad(random.uniform(-60, 15))
    along = np.array([np.cos(angle), np.sin(angle)])
    half = along / np.abs(along).max() * (high - low) / 2
    centre = (low + high) / 2 + random.normal(0, 0.05, 2) * (high - low)
    ends = np.array([-random.uniform(0.6, 1.6), random.uniform(0.6, 1.6)])
    return [centre + ends[:, None] * half]


def _cross_seven(points: np.ndarray, random: _Random) -> Strokes:
    if random.random() > _P_BAR:
        return []
    low, high = points.min(axis=0), points.max(axis=0)
    longer = float((high - low).max())
    waist = low[1] + random.uniform(0.4, 0.6) * (high[1] - low[1])
    near = points[np.argsort(np.abs(points[:, 1] - waist))[:3]].mean(axis=0)
    reach = random.uniform(0.15, 0.3)
    bar = near + longer * np.array([[-reach, 0.02], [reach, -0.02]])
    return [bar + random.normal(0, 0.02 * longer, (2, 2))]


def _add_flag_and_base(points: np.ndarray, random: _Random) -> Strokes:
    """A flag at the top, too steep or too short for the bar of a 7; a line at the bottom."""
    width, height = np.ptp(points, axis=0)
    if width > _MAX_BARE_WIDTH * height:
        return []
    added: Strokes = []
    if random.random() < _P_FLAG:
        top = points[np.argmin(points[:, 1])]
        slope = np.deg2rad(random.uniform(10, 72))
        length = min(random.uniform(0.15, 0.5), _MAX_FLAG_REACH / np.cos(slope))
        added.append(
            top + height * length * np.array([[-np.cos(slope), np.sin(slope)], [0.0, 0.0]])
        )
    if random.random() < _P_BASE + (_P_BASE if added else 0):
        bottom = points[np.argmax(points[:, 1])]
        left, right = random.uniform(0.1, 0.35, 2)
        added.append(bottom + height * np.array([[-left, 0], [right, 0]]))
    return [line + random.normal(0, 0.015 * height, line.shape) for line in added]


def _hook_nine(points: np.ndarray, random: _Random) -> Strokes:
    """A tail that turns to the left, as in a g."""
    if random.random() > _P_HOOK:
        return []
    width, height = np.ptp(points, axis=0)
    end = points[np.argmax(points[:, 1])]
    reach = random.uniform(0.5, 1.1) * max(width, 0.4 * height)
    lowest = end + np.array([-0.45 * reach, random.uniform(0, 0.14) * height])
    tip = end + np.array([-reach, -random.uniform(-0.02, 0.14) * height])
    t = np.linspace(0, 1, 10)[:, None]
    return [(1 - t) ** 2 * end + 2 * t * (1 - t) * lowest + t**2 * tip]


_WRITING_STYLES: dict[int, Callable[[np.ndarray, _Random], Strokes]] = {
    0: _slash_zero, 1: _add_flag_and_base, 7: _cross_seven, 9: _hook_nine,
}  # fmt: skip
