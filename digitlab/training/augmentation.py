"""Random augmentation of training images: affine and elastic in one interpolation, degradation.

Keras's augmentation layers each interpolate once, which blurs a 28 px digit every time. Here all
displacements are added up and each image is resampled once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from digitlab.training.config import TrainConfig

_KERNEL = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
# Elastic displacements are drawn on a coarse grid and interpolated, so that they are smooth.
_ELASTIC_GRID = 4
_FLIP_PROBABILITY = 0.5


@dataclass(frozen=True)
class Augmentation:
    """The ranges of the random changes; the defaults change nothing.

    Attributes:
        rotation_deg, shift_px: maximum rotation and shift in either direction.
        zoom: maximum scaling in either direction, as a fraction, for each axis separately.
        shear: maximum shear in either direction, as its tangent.
        elastic: standard deviation of the elastic displacement, in pixels.
        flip: whether half of the images are mirrored left to right.
        degradation: fraction of the images changed by `degrade_images`.
    """

    rotation_deg: float = 0.0
    shift_px: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    flip: bool = False
    degradation: float = 0.0

    @property
    def is_none(self) -> bool:
        """Whether nothing is changed."""
        return self == Augmentation()


# Strength 1: MNIST digits keep their class within these ranges.
DEFAULT_AUGMENTATION = Augmentation(
    rotation_deg=10.0, shift_px=1.5, zoom=0.10, shear=0.16, elastic=0.8
)


def plan_augmentation(config: TrainConfig) -> Augmentation:
    """The ranges of a run: those set one by one, and the others from the strength."""

    def choose(value: float | None, at_strength_1: float) -> float:
        return config.augmentation * at_strength_1 if value is None else value

    return Augmentation(
        rotation_deg=choose(config.rotation_deg, DEFAULT_AUGMENTATION.rotation_deg),
        shift_px=choose(config.shift_px, DEFAULT_AUGMENTATION.shift_px),
        zoom=choose(config.zoom, DEFAULT_AUGMENTATION.zoom),
        shear=choose(config.shear, DEFAULT_AUGMENTATION.shear),
        elastic=choose(config.elastic, DEFAULT_AUGMENTATION.elastic),
        flip=config.flip,
        degradation=config.degradation,
    )


def preview_augmentation(config: TrainConfig, images: np.ndarray, seed: int = 0) -> np.ndarray:
    """Augment images with the code and the ranges of a training run.

    Args:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8; for digits ink 255.
        seed: determines the random changes.
    Returns:
        Same shape and type as `images`.
    """
    return augment_images(images, plan_augmentation(config), np.random.default_rng(seed))


def augment_images(
    images: np.ndarray, ranges: Augmentation, random: np.random.Generator
) -> np.ndarray:
    """Apply a random affine and elastic transformation to each image.

    Args:
        images: `(n, h, w)` or `(n, h, w, channels)` uint8.
    Returns:
        Same shape and type as `images`. Beyond the border a grey image is paper and a colour
        image is mirrored.
    """
    if ranges.degradation:
        images = degrade_images(images, ranges.degradation, random)
    height, width = images.shape[1:3]
    centre = np.array([(width - 1) / 2, (height - 1) / 2], np.float32)
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1) - centre
    grid = grid.astype(np.float32)  # (h, w, 2), x and y from the centre
    matrices = _draw_matrices(len(images), ranges, random)
    shifts = random.uniform(-ranges.shift_px, ranges.shift_px, (len(images), 2))
    offsets = (centre + shifts).astype(np.float32)
    displacements = random.normal(
        0, ranges.elastic, (len(images), _ELASTIC_GRID, _ELASTIC_GRID, 2)
    ).astype(np.float32)
    if ranges.flip:
        matrices[random.random(len(images)) < _FLIP_PROBABILITY, 0] *= -1
    border = cv2.BORDER_REFLECT_101 if images.shape[3:] == (3,) else cv2.BORDER_CONSTANT
    augmented = np.empty_like(images)
    for k, image in enumerate(images):
        source = grid @ matrices[k].T + offsets[k]
        source += cv2.resize(displacements[k], (width, height), interpolation=cv2.INTER_CUBIC)
        # OpenCV drops a last axis of one channel.
        augmented[k] = cv2.remap(
            image, source[..., 0], source[..., 1], cv2.INTER_LINEAR, borderMode=border
        ).reshape(image.shape)
    return augmented


def _draw_matrices(n: int, ranges: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Random rotation, scaling and shear of each image: `(n, 2, 2)` float32."""
    angle = np.deg2rad(random.uniform(-ranges.rotation_deg, ranges.rotation_deg, n))
    scale = np.exp(random.uniform(-ranges.zoom, ranges.zoom, (n, 2)))
    shear = random.uniform(-ranges.shear, ranges.shear, n)
    cosine, sine = np.cos(angle), np.sin(angle)
    matrices = np.empty((n, 2, 2), np.float32)
    matrices[:, 0, 0] = scale[:, 0] * cosine
    matrices[:, 0, 1] = scale[:, 0] * (shear * cosine - sine)
    matrices[:, 1, 0] = scale[:, 1] * sine
    matrices[:, 1, 1] = scale[:, 1] * (shear * sine + cosine)
    return matrices


def degrade_images(images: np.ndarray, fraction: float, random: np.random.Generator) -> np.ndarray:
    """Degrade a random fraction of the images, each in one way.

    A thicker or thinner pen, a lower resolution, fainter ink, or a scratch through the strokes.

    Args:
        images: `(n, 28, 28, 1)` or `(n, 28, 28)` uint8, ink 255.
        fraction: 0 to 1.
    Returns:
        Same shape and type as `images`.
    """
    degraded = images.copy()
    for k in np.flatnonzero(random.random(len(images)) < fraction):
        degrade = _DEGRADATIONS[int(random.integers(len(_DEGRADATIONS)))]
        image = np.ascontiguousarray(images[k].reshape(images.shape[1:3]))
        degraded[k] = degrade(image, random).reshape(images.shape[1:])
    return degraded


def _thicken(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return _blend(image, cv2.dilate(image, _KERNEL), random.uniform(0.2, 0.9))


def _thin(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return _blend(image, cv2.erode(image, _KERNEL), random.uniform(0.2, 0.65))


def _blur(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Reduce the resolution."""
    height, width = image.shape
    scale = random.uniform(0.45, 0.8)
    size = (round(width * scale), round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _fade(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Change gamma and reduce the contrast."""
    curve = 255 * (np.arange(256) / 255) ** np.exp(random.uniform(-0.5, 0.5))
    return cv2.LUT(image, (curve * random.uniform(0.6, 1)).astype(np.uint8))


def _scratch(image: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Erase a thin line, as a skipping pen or a fold of the paper does."""
    side = image.shape[0]
    x1, y1, x2, y2 = (int(value) for value in random.uniform(0, side, 4))
    return cv2.line(image.copy(), (x1, y1), (x2, y2), 0, 1)


def _blend(first: np.ndarray, second: np.ndarray, weight: float) -> np.ndarray:
    return cv2.addWeighted(first, 1 - weight, second, weight, 0)


_DEGRADATIONS: tuple[Callable[[np.ndarray, np.random.Generator], np.ndarray], ...] = (
    _thicken, _thin, _blur, _fade, _scratch,
)  # fmt: skip
