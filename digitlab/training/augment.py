"""Random turns, scalings, shears, shifts and bends of training images, in one interpolation.

Keras's layers do these one after another and blur a 28 px digit at each; drawn together as one
displacement of the pixels, the digit is sampled once.
"""

import cv2
import numpy as np

# The ranges at strength 1: within them an MNIST digit stays what it is.
MAX_TURN_DEG = 10.0
MAX_LOG_SCALE = 0.10
MAX_SHEAR = 0.16
MAX_SHIFT_PX = 1.5
BEND_PX = 0.8
# Bends vary slowly: they are drawn on a coarse grid and interpolated.
_BEND_GRID = 4


def augment_images(images: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """Change each image a little, at random.

    Args:
        images: `(n, h, w)` or `(n, h, w, channels)` uint8.
        strength: 0 changes nothing, 1 is usual for digits.
    Returns:
        As `images`; what comes in from outside is 0.
    """
    height, width = images.shape[1:3]
    centre = np.array([(width - 1) / 2, (height - 1) / 2], np.float32)
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1) - centre
    grid = grid.astype(np.float32)  # (h, w, 2), x and y from the centre
    matrices = _draw_matrices(len(images), strength, random)
    shifts = random.uniform(-MAX_SHIFT_PX, MAX_SHIFT_PX, (len(images), 2)) * strength
    offsets = (centre + shifts).astype(np.float32)
    bends = random.normal(0, BEND_PX * strength, (len(images), _BEND_GRID, _BEND_GRID, 2))
    bends = bends.astype(np.float32)
    changed = np.empty_like(images)
    for k, image in enumerate(images):
        where = grid @ matrices[k].T + offsets[k]
        where += cv2.resize(bends[k], (width, height), interpolation=cv2.INTER_CUBIC)
        # OpenCV drops a last axis of one channel.
        changed[k] = cv2.remap(image, where[..., 0], where[..., 1], cv2.INTER_LINEAR).reshape(
            image.shape
        )
    return changed


def _draw_matrices(n: int, strength: float, random: np.random.Generator) -> np.ndarray:
    """Random turn, scale and shear of each image: `(n, 2, 2)` float32."""
    turn = np.deg2rad(random.uniform(-MAX_TURN_DEG, MAX_TURN_DEG, n) * strength)
    scale = np.exp(random.uniform(-MAX_LOG_SCALE, MAX_LOG_SCALE, (n, 2)) * strength)
    shear = random.uniform(-MAX_SHEAR, MAX_SHEAR, n) * strength
    cosine, sine = np.cos(turn), np.sin(turn)
    matrices = np.empty((n, 2, 2), np.float32)
    matrices[:, 0, 0] = scale[:, 0] * cosine
    matrices[:, 0, 1] = scale[:, 0] * (shear * cosine - sine)
    matrices[:, 1, 0] = scale[:, 1] * sine
    matrices[:, 1, 1] = scale[:, 1] * (shear * sine + cosine)
    return matrices
