"""Drawings that are no digit, as a network reads them."""

import numpy as np

from digitlab.ink import prepare_drawing
from digitlab.ink.fabricjs import Stroke
from digitlab.synthesis.negatives import draw_negative_shape, draw_scribble
from digitlab.synthesis.strokes import augment_strokes


def build_negatives(n: int, random: np.random.Generator) -> np.ndarray:
    """Draw shapes and scribbles in turns: `(n, 28, 28)` uint8, ink 255."""
    images = np.empty((n, 28, 28), np.uint8)
    for k in range(n):
        lines = draw_scribble(random)
        if k % 2:
            lines = augment_strokes(draw_negative_shape(random), random)
        images[k] = prepare_drawing([Stroke(line, 1.0) for line in lines]).image
    return images
