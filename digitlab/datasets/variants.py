"""One pen digit written again and again: leaning, wider, shakier."""

from collections.abc import Sequence

import numpy as np

Strokes = list[np.ndarray]

# The ranges within which a digit stays what it is.
_TURN_DEG = 10.0
_SHEAR = 0.25
_LOG_ASPECT = 0.18
_BEND = 0.03
_SHAKE = 0.008


def vary_strokes(strokes: Sequence[np.ndarray], random: np.random.Generator) -> Strokes:
    """Lean, stretch, bend, shake and shorten strokes at random.

    Args:
        strokes: lines `(n, 2)`, any unit.
    Returns:
        As many lines, in the same unit.
    """
    everything = np.concatenate(list(strokes))
    low, high = everything.min(axis=0), everything.max(axis=0)
    size = max(float((high - low).max()), 1e-6)
    middle = (low + high) / 2
    matrix = _draw_matrix(random)
    # The lean is as likely small as large; the bend is one slow wave in each direction.
    waves = random.normal(0, _BEND, (2, 2)), random.uniform(0, 2 * np.pi, (2, 2))
    shake = _SHAKE * random.uniform(0, 1.5)
    varied = []
    for stroke in strokes:
        points = _thin_out(_shorten(stroke, random), random)
        unit = (points - middle) / size  # about -0.5 to 0.5
        for axis in range(2):
            phase = waves[1][axis] + 2 * np.pi * unit[:, ::-1]
            unit = unit + waves[0][axis] * np.sin(phase) / 2
        unit = unit + _smooth_noise(len(unit), random) * shake
        varied.append(unit @ matrix.T * size + middle)
    return varied


def _draw_matrix(random: np.random.Generator) -> np.ndarray:
    turn = np.deg2rad(random.uniform(-_TURN_DEG, _TURN_DEG))
    rotate = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shear = np.array([[1.0, random.uniform(-_SHEAR, _SHEAR)], [0.0, 1.0]])
    aspect = np.exp(random.uniform(-_LOG_ASPECT, _LOG_ASPECT))
    return rotate @ shear @ np.diag([aspect, 1 / aspect])


def _shorten(stroke: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Sometimes the pen comes down late or leaves early."""
    if len(stroke) < 12 or random.random() > 0.15:
        return stroke
    cut = max(1, round(len(stroke) * random.uniform(0.02, 0.08)))
    return stroke[cut:] if random.random() < 0.5 else stroke[:-cut]


def _thin_out(stroke: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A slow mouse leaves few points."""
    step = int(random.choice([1, 1, 2, 3]))
    if step == 1 or len(stroke) < 8 * step:
        return stroke
    return np.vstack([stroke[:-1:step], stroke[-1:]])


def _smooth_noise(n: int, random: np.random.Generator) -> np.ndarray:
    noise = random.normal(0, 1, (n + 4, 2))
    kernel = np.ones(5) / np.sqrt(5)
    return np.stack([np.convolve(noise[:, k], kernel, mode="valid") for k in range(2)], axis=1)
