"""Test pictures for the browser: one large one for many small ones."""

import math

import numpy as np

from digitlab.png import build_address, put_on_paper

SPRITE_COLUMNS = 10


def build_sprite(images: np.ndarray) -> str:
    """Pictures side by side in rows of ten, as an address for the browser.

    Args:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8, n > 0.
    """
    shown = np.stack([put_on_paper(image) for image in images])
    rows = math.ceil(len(shown) / SPRITE_COLUMNS)
    lacking = rows * SPRITE_COLUMNS - len(shown)
    shown = np.concatenate([shown, np.full((lacking, *shown.shape[1:]), 255, np.uint8)])
    grid = shown.reshape(rows, SPRITE_COLUMNS, *shown.shape[1:]).swapaxes(1, 2)
    height, width = rows * shown.shape[1], SPRITE_COLUMNS * shown.shape[2]
    return build_address(grid.reshape(height, width, *shown.shape[3:]))


def encode_picture(image: np.ndarray) -> str:
    """One picture, `(h, w)` or `(h, w, 3)` uint8, as an address for an `img`."""
    return build_address(put_on_paper(image))
