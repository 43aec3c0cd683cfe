"""Habits of some writers: slashed 0s, crossed 7s, 1s with flag and foot, 9s with a hook."""

from collections.abc import Callable, Sequence

import numpy as np

from digitlab.datasets.variants import Strokes

_Random = np.random.Generator
# Where the writer of a digit has one of these habits, in how many of the copies.
_SLASH_SHARE, _BAR_SHARE, _FLAG_SHARE, _FOOT_SHARE, _HOOK_SHARE = 0.14, 0.1, 0.12, 0.08, 0.2
# A 1 wider than this, of its height, has a flag already.
_SLENDER = 0.4


def add_habits(strokes: Sequence[np.ndarray], digit: int, random: _Random) -> Strokes:
    """Now and then a slashed 0, a crossed 7, a flag or a foot on a 1, a hook under a 9.

    Args:
        strokes: lines `(n, 2)`, y down, any unit.
        digit: what they show.
    Returns:
        The same lines, and at most two more.
    """
    add = _HABITS.get(digit)
    return list(strokes) if add is None else [*strokes, *add(np.concatenate(list(strokes)), random)]


def _cross_zero(points: np.ndarray, random: _Random) -> Strokes:
    """A bar through the middle, from falling over level to steep, ending inside or outside."""
    if random.random() > _SLASH_SHARE:
        return []
    low, high = points.min(axis=0), points.max(axis=0)
    # From 60 degrees rising to 15 falling; y points down.
    angle = np.deg2rad(random.uniform(-60, 15))
    along = np.array([np.cos(angle), np.sin(angle)])
    half = along / np.abs(along).max() * (high - low) / 2
    middle = (low + high) / 2 + random.normal(0, 0.05, 2) * (high - low)
    ends = np.array([-random.uniform(0.6, 1.6), random.uniform(0.6, 1.6)])
    return [middle + ends[:, None] * half]


def _cross_seven(points: np.ndarray, random: _Random) -> Strokes:
    if random.random() > _BAR_SHARE:
        return []
    low, high = points.min(axis=0), points.max(axis=0)
    longer = float((high - low).max())
    waist = low[1] + random.uniform(0.4, 0.6) * (high[1] - low[1])
    near = points[np.argsort(np.abs(points[:, 1] - waist))[:3]].mean(axis=0)
    reach = random.uniform(0.15, 0.3)
    bar = near + longer * np.array([[-reach, 0.02], [reach, -0.02]])
    return [bar + random.normal(0, 0.02 * longer, (2, 2))]


def _dress_one(points: np.ndarray, random: _Random) -> Strokes:
    """A flag that comes up to the top of the 1, steep enough not to make it a 7; a foot."""
    width, height = np.ptp(points, axis=0)
    if width > _SLENDER * height:
        return []
    added: Strokes = []
    if random.random() < _FLAG_SHARE:
        top = points[np.argmin(points[:, 1])]
        length, slope = random.uniform(0.2, 0.65), np.deg2rad(random.uniform(45, 72))
        added.append(
            top + height * length * np.array([[-np.cos(slope), np.sin(slope)], [0.0, 0.0]])
        )
    if random.random() < _FOOT_SHARE + (_FOOT_SHARE if added else 0):
        foot = points[np.argmax(points[:, 1])]
        left, right = random.uniform(0.1, 0.35, 2)
        added.append(foot + height * np.array([[-left, 0], [right, 0]]))
    return [line + random.normal(0, 0.015 * height, line.shape) for line in added]


def _hook_nine(points: np.ndarray, random: _Random) -> Strokes:
    """The tail swings to the left at its end, as in a g."""
    if random.random() > _HOOK_SHARE:
        return []
    width, height = np.ptp(points, axis=0)
    end = points[np.argmax(points[:, 1])]
    reach = random.uniform(0.5, 1.1) * max(width, 0.4 * height)
    lowest = end + np.array([-0.45 * reach, random.uniform(0, 0.14) * height])
    tip = end + np.array([-reach, -random.uniform(-0.02, 0.14) * height])
    t = np.linspace(0, 1, 10)[:, None]
    return [(1 - t) ** 2 * end + 2 * t * (1 - t) * lowest + t**2 * tip]


_HABITS: dict[int, Callable[[np.ndarray, _Random], Strokes]] = {
    0: _cross_zero, 1: _dress_one, 7: _cross_seven, 9: _hook_nine,
}  # fmt: skip
