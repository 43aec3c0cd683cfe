"""Test pictures for the browser: one large one for many small ones."""

import base64
import math

import cv2
import numpy as np

SPRITE_COLUMNS = 10


def build_sprite(images: np.ndarray) -> str:
    """Pictures side by side in rows of ten, as an address for the browser.

    Args:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8, n > 0.
    """
    shown = _turn_to_paper(images)
    rows = math.ceil(len(shown) / SPRITE_COLUMNS)
    lacking = rows * SPRITE_COLUMNS - len(shown)
    shown = np.concatenate([shown, np.full((lacking, *shown.shape[1:]), 255, np.uint8)])
    grid = shown.reshape(rows, SPRITE_COLUMNS, *shown.shape[1:]).swapaxes(1, 2)
    height, width = rows * shown.shape[1], SPRITE_COLUMNS * shown.shape[2]
    return _encode(grid.reshape(height, width, *shown.shape[3:]))


def encode_picture(image: np.ndarray) -> str:
    """One picture, `(h, w)` or `(h, w, 3)` uint8, as an address for an `img`."""
    return _encode(_turn_to_paper(image[None])[0])


def _turn_to_paper(images: np.ndarray) -> np.ndarray:
    """Dark ink on white paper; colour pictures stay as they are."""
    return 255 - images if images.ndim == 3 else images


def _encode(picture: np.ndarray) -> str:
    ordered = picture[..., ::-1] if picture.ndim == 3 else picture
    _, encoded = cv2.imencode(".png", ordered)
    return "data:image/png;base64," + base64.b64encode(encoded.tobytes()).decode()
