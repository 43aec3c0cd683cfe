"""Digits turned, moved, blurred and worn, step by step, to see where a network loses them.

The changes are made to the 28x28 picture a network sees. The Draw page frames every digit afresh
and so undoes much of shift, scale and contrast; what is measured here is the network alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

_Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
# Pens are changed on a digit this much larger, for steps below one pixel.
_FINE = 4


@dataclass(frozen=True)
class Corruption:
    """One way to make a digit harder to read.

    Attributes:
        unit: of the strengths, for an axis.
        strengths: in the order of an axis.
        neutral: the strength that changes nothing.
    """

    id: str
    label: str
    unit: str
    strengths: tuple[float, ...]
    neutral: float
    change: _Change


def corrupt_images(
    images: np.ndarray, corruption_id: str, strength: float, *, seed: int = 0
) -> np.ndarray:
    """Change every image by the same amount.

    Args:
        images: `(n, 28, 28)` uint8, ink 255.
        corruption_id: one of `CORRUPTIONS`.
        strength: in the corruption's unit.
        seed: of the directions of shifts and of the noise; the same for every strength.
    Returns:
        As `images`; the same array where the strength is the neutral one.
    """
    corruption = CORRUPTIONS[corruption_id]
    if strength == corruption.neutral or not len(images):
        return images
    random = np.random.default_rng(seed)
    return np.stack([corruption.change(image, strength, random) for image in images])


def corrupt_ladder(image: np.ndarray, corruption_id: str, *, seed: int = 0) -> np.ndarray:
    """One digit at every strength.

    Args:
        image: `(28, 28)` uint8, ink 255.
    Returns:
        `(strengths, 28, 28)` uint8, in the order of the corruption's strengths.
    """
    steps = CORRUPTIONS[corruption_id].strengths
    return np.concatenate(
        [corrupt_images(image[None], corruption_id, step, seed=seed) for step in steps]
    )


def _warp(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    size = (image.shape[1], image.shape[0])
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)


def _turn(image: np.ndarray, degrees: float, random: np.random.Generator) -> np.ndarray:
    # OpenCV turns against the clock; people read a positive angle as clockwise.
    return _warp(image, cv2.getRotationMatrix2D(_find_middle(image), -degrees, 1))


def _resize(image: np.ndarray, factor: float, random: np.random.Generator) -> np.ndarray:
    return _warp(image, cv2.getRotationMatrix2D(_find_middle(image), 0, factor))


def _shift(image: np.ndarray, pixels: float, random: np.random.Generator) -> np.ndarray:
    """In a direction drawn at random."""
    angle = random.uniform(0, 2 * np.pi)
    move = pixels * np.array([np.cos(angle), np.sin(angle)])
    return _warp(image, np.hstack([np.eye(2), move[:, None]]))


def _find_middle(image: np.ndarray) -> tuple[float, float]:
    return (image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2


def _change_pen(image: np.ndarray, pixels: float, random: np.random.Generator) -> np.ndarray:
    """Lines wider by so many pixels, thinner if negative."""
    size = (image.shape[1] * _FINE, image.shape[0] * _FINE)
    mask = (cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) > 127).astype(np.uint8)
    if not mask.any():
        return image
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    depth = np.where(mask > 0, inside - 0.5, 0.5 - outside)
    ink = np.clip(depth + pixels * _FINE / 2 + 0.5, 0, 1)
    small = cv2.resize(ink, image.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.round(small * 255).astype(np.uint8)


def _blur(image: np.ndarray, sigma_px: float, random: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), sigma_px, borderType=cv2.BORDER_CONSTANT)


def _add_noise(image: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    noisy = image + random.normal(0, 255 * share, image.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def _fade(image: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    return np.round(image * share).astype(np.uint8)


_ALL = (
    Corruption(
        "rotation", "Rotation", "degrees clockwise",
        (-90, -75, -60, -45, -30, -15, 0, 15, 30, 45, 60, 75, 90), 0, _turn,
    ),
    Corruption("shift", "Shift", "pixels of 28", (0, 1, 2, 3, 4, 6, 8), 0, _shift),
    Corruption(
        "scale", "Scale", "times its size", (0.4, 0.55, 0.7, 0.85, 1, 1.15, 1.3), 1, _resize,
    ),
    Corruption(
        "pen_width", "Pen width", "pixels thicker", (-2, -1.5, -1, 0, 1, 2, 3, 4), 0, _change_pen,
    ),
    Corruption(
        "blur", "Blur", "pixels (standard deviation)", (0, 0.5, 1, 1.5, 2, 2.5, 3), 0, _blur,
    ),
    Corruption(
        "noise", "Noise", "of full ink (standard deviation)",
        (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6), 0, _add_noise,
    ),
    Corruption("contrast", "Contrast", "of full ink", (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1), 1, _fade),
)  # fmt: skip
CORRUPTIONS: dict[str, Corruption] = {corruption.id: corruption for corruption in _ALL}
