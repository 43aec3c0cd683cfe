"""Generated non-digits: blank paper and scribbles, the same in every run."""

import cv2
import numpy as np

from benchmarks.reading.items import CANVAS_PX, InkItem, InkSet

N_EACH = 300
_SEED = 20
_MARGIN_PX = 30
# Fewer nodes can form a loop or a hook that looks like a 0 or a 6.
_NODES_PER_STROKE = (12, 20)
_POINTS_PER_NODE = 8


def make_blank_pictures(n: int = N_EACH) -> InkSet:
    """Make blank paper with uneven light and the noise of a camera or scanner."""
    rng = np.random.default_rng(_SEED)
    pictures = [_make_paper(rng) for _ in range(n)]
    items = tuple(InkItem.from_picture("blank", picture) for picture in pictures)
    return InkSet("blank paper", "picture", items, are_digits=False)


def make_scribbles(n: int = N_EACH) -> InkSet:
    """Make long winding lines, with too many turns for a digit."""
    rng = np.random.default_rng(_SEED + 1)
    items = tuple(
        InkItem.from_lines("scribble", [_make_scribble(rng) for _ in range(rng.integers(1, 3))])
        for _ in range(n)
    )
    return InkSet("scribbles", "drawing", items, are_digits=False)


def _make_paper(rng: np.random.Generator) -> np.ndarray:
    """One brightness with a linear gradient and blurred noise: `(h, w)` uint8."""
    height, width = (int(side) for side in rng.integers(64, 281, 2))
    slope_y, slope_x = rng.uniform(-25, 25, 2)
    light = np.linspace(0, slope_y, height)[:, None] + np.linspace(0, slope_x, width)
    noise = rng.normal(0, 1, (height, width))
    # The noise of a camera is a few pixels wide. Its amplitude is restored after the blur.
    blurred = cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(0.4, 2.0)))
    amplitude = rng.uniform(1, 12) / blurred.std()
    paper = rng.uniform(60, 230) + light + amplitude * blurred
    return np.clip(paper, 0, 255).astype(np.uint8)


def _make_scribble(rng: np.random.Generator) -> np.ndarray:
    """A smooth line through random points of the canvas: `(n, 2)` float, canvas pixels."""
    n_nodes = int(rng.integers(*_NODES_PER_STROKE))
    nodes = rng.uniform(_MARGIN_PX, CANVAS_PX - _MARGIN_PX, (n_nodes, 2))
    t = np.linspace(0, n_nodes - 1, n_nodes * _POINTS_PER_NODE)
    line = np.stack([np.interp(t, np.arange(n_nodes), nodes[:, k]) for k in (0, 1)], axis=1)
    # A moving average over about one node rounds the corners.
    window = np.ones(_POINTS_PER_NODE) / _POINTS_PER_NODE
    return np.stack([np.convolve(line[:, k], window, mode="valid") for k in (0, 1)], axis=1)
