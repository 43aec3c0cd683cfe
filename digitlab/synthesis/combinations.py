"""Strokes combined at random, which are not digits."""

import numpy as np

from digitlab.synthesis.signs import SIZE_PX, draw_arc, draw_curve, draw_line, rotate

_Random = np.random.Generator


def draw_combination(random: _Random) -> list[np.ndarray]:
    """Combine three to five lines, arcs, rings and hooks that hang together by chance.

    Returns:
        Lines `(n, 2)` float64 within about 200 px.
    """
    lines: list[np.ndarray] = []
    for _ in range(int(random.integers(3, 6))):
        draw = _PARTS[int(random.integers(len(_PARTS)))]
        part = draw(random) * random.uniform(0.25, 0.75)
        part = rotate(part, random.uniform(0, 2 * np.pi))
        # It begins somewhere on an earlier part, or beside it.
        anchor = np.zeros(2)
        if lines:
            earlier = lines[int(random.integers(len(lines)))]
            anchor = earlier[int(random.integers(len(earlier)))] + random.normal(0, 0.12, 2)
        lines.append(part - part[int(random.integers(len(part)))] + anchor)
    return [line * SIZE_PX for line in lines]


def _draw_line(_random: _Random) -> np.ndarray:
    return draw_line((0, 0), (1, 0))


def _draw_bent_line(random: _Random) -> np.ndarray:
    return draw_line((0, 0), (random.uniform(0.3, 0.7), random.uniform(-0.5, 0.5)), (1, 0))


def _draw_arc(random: _Random) -> np.ndarray:
    return draw_arc(0, 0, 0.5, random.uniform(0.25, 0.5), 0, random.uniform(0.25, 0.8))


def _draw_ring(random: _Random) -> np.ndarray:
    return draw_arc(0, 0, 0.3, random.uniform(0.2, 0.4), 0, 1.02)


def _draw_hook(random: _Random) -> np.ndarray:
    return draw_curve(
        (0, 0), (0.8, 0), (1, random.uniform(0.1, 0.4)), (0.7, random.uniform(0.2, 0.5))
    )


_PARTS = (_draw_line, _draw_line, _draw_bent_line, _draw_arc, _draw_ring, _draw_hook)
