"""Random changes of pen, sharpness and strokes, for digits that are to be read however written."""

from collections.abc import Callable

import cv2
import numpy as np

_KERNEL = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_Random = np.random.Generator


def wear_images(images: np.ndarray, share: float, random: _Random) -> np.ndarray:
    """Change a share of the images in one way each, drawn at random.

    A thicker or thinner pen, a low resolution, a faint pen, a scratch through the strokes.

    Args:
        images: `(n, 28, 28, 1)` or `(n, 28, 28)` uint8, ink 255.
        share: 0 to 1.
    Returns:
        As `images`.
    """
    worn = images.copy()
    for k in np.flatnonzero(random.random(len(images)) < share):
        way = _WAYS[int(random.integers(len(_WAYS)))]
        image = np.ascontiguousarray(images[k].reshape(images.shape[1:3]))
        worn[k] = way(image, random).reshape(images.shape[1:])
    return worn


def _thicken(image: np.ndarray, random: _Random) -> np.ndarray:
    return _mix(image, cv2.dilate(image, _KERNEL), random.uniform(0.2, 0.9))


def _thin(image: np.ndarray, random: _Random) -> np.ndarray:
    return _mix(image, cv2.erode(image, _KERNEL), random.uniform(0.2, 0.65))


def _reduce(image: np.ndarray, random: _Random) -> np.ndarray:
    height, width = image.shape
    share = random.uniform(0.45, 0.8)
    size = (round(width * share), round(height * share))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _fade(image: np.ndarray, random: _Random) -> np.ndarray:
    curve = 255 * (np.arange(256) / 255) ** np.exp(random.uniform(-0.5, 0.5))
    return cv2.LUT(image, (curve * random.uniform(0.6, 1)).astype(np.uint8))


def _scratch(image: np.ndarray, random: _Random) -> np.ndarray:
    """A thin line without ink: a pen that skipped, a fold of the paper."""
    side = image.shape[0]
    x1, y1, x2, y2 = (int(place) for place in random.uniform(0, side, 4))
    return cv2.line(image.copy(), (x1, y1), (x2, y2), 0, 1)


def _mix(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    return cv2.addWeighted(one, 1 - share, other, share, 0)


_WAYS: tuple[Callable[[np.ndarray, _Random], np.ndarray], ...] = (
    _thicken, _thin, _reduce, _fade, _scratch,
)  # fmt: skip
