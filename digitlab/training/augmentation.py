"""Random turns, scalings, shears, shifts and bends of training images, in one interpolation.

Keras's layers do these one after another and blur a 28 px digit at each; drawn together as one
displacement of the pixels, the digit is sampled once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from digitlab.training.config import TrainConfig

_KERNEL = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
_Random = np.random.Generator
# Bends vary slowly: they are drawn on a coarse grid and interpolated.
_BEND_GRID = 4
_FLIPPED_SHARE = 0.5


def degrade_images(images: np.ndarray, share: float, random: _Random) -> np.ndarray:
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


@dataclass(frozen=True)
class Augmentation:
    """How far images are changed; the defaults change nothing.

    Attributes:
        rotation_deg, shift_px: largest turn and shift to either side.
        zoom: largest change of size to either side, as a share, for each axis by itself.
        shear: largest slant to either side, as its tangent.
        elastic: standard deviation of the bends, in pixels.
        flip: whether half of the images are mirrored left to right.
        wear: share of the images whose pen and sharpness are changed.
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


# Strength 1: within these ranges an MNIST digit stays what it is.
DEFAULT_AUGMENTATION = Augmentation(
    rotation_deg=10.0, shift_px=1.5, zoom=0.10, shear=0.16, elastic=0.8
)


def plan_augmentation(config: TrainConfig) -> Augmentation:
    """The ranges of a run: those set one by one, and the others from the strength."""

    def choose(chosen: float | None, usual: float) -> float:
        return config.augmentation * usual if chosen is None else chosen

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
    """Show real images as a run would see them: the same code as in training.

    Args:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8, for digits ink 255.
        seed: another one gives other turns and bends.
    Returns:
        As `images`.
    """
    return augment_images(images, plan_augmentation(config), np.random.default_rng(seed))


def augment_images(
    images: np.ndarray, ranges: Augmentation, random: np.random.Generator
) -> np.ndarray:
    """Change each image a little, at random.

    Args:
        images: `(n, h, w)` or `(n, h, w, channels)` uint8.
    Returns:
        As `images`; what comes in from outside is paper, or what the photo shows at its edge.
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
    bends = random.normal(0, ranges.elastic, (len(images), _BEND_GRID, _BEND_GRID, 2))
    bends = bends.astype(np.float32)
    if ranges.flip:
        matrices[random.random(len(images)) < _FLIPPED_SHARE, 0] *= -1
    border = cv2.BORDER_REFLECT_101 if images.shape[3:] == (3,) else cv2.BORDER_CONSTANT
    changed = np.empty_like(images)
    for k, image in enumerate(images):
        where = grid @ matrices[k].T + offsets[k]
        where += cv2.resize(bends[k], (width, height), interpolation=cv2.INTER_CUBIC)
        # OpenCV drops a last axis of one channel.
        changed[k] = cv2.remap(
            image, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=border
        ).reshape(image.shape)
    return changed


def _draw_matrices(n: int, ranges: Augmentation, random: np.random.Generator) -> np.ndarray:
    """Random turn, scale and shear of each image: `(n, 2, 2)` float32."""
    turn = np.deg2rad(random.uniform(-ranges.rotation_deg, ranges.rotation_deg, n))
    scale = np.exp(random.uniform(-ranges.zoom, ranges.zoom, (n, 2)))
    shear = random.uniform(-ranges.shear, ranges.shear, n)
    cosine, sine = np.cos(turn), np.sin(turn)
    matrices = np.empty((n, 2, 2), np.float32)
    matrices[:, 0, 0] = scale[:, 0] * cosine
    matrices[:, 0, 1] = scale[:, 0] * (shear * cosine - sine)
    matrices[:, 1, 0] = scale[:, 1] * sine
    matrices[:, 1, 1] = scale[:, 1] * (shear * sine + cosine)
    return matrices
