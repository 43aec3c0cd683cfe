"""Occlusion maps: which pixels of a digit the answer depends on."""

import numpy as np

from digitlab.inference.reader import DigitReader

PATCH_PX = 5


def compute_occlusion(
    reader: DigitReader, image: np.ndarray, digit: int, *, patch_px: int = PATCH_PX
) -> np.ndarray:
    """Compute how much each pixel contributes to one answer.

    A square patch around each pixel is set to paper. The pixel's weight is the decrease of the
    digit's probability.

    Args:
        image: `(28, 28)` uint8, ink 255.
        digit: the class whose probability is compared.
        patch_px: side of the square.
    Returns:
        `(28, 28)` float32; positive where ink supports the digit, negative where it contradicts it.
    Source: Zeiler and Fergus 2014, section 4.2.
    """
    height, width = image.shape
    covered = np.repeat(image[None], height * width, axis=0)
    reach = patch_px // 2
    is_changed = np.zeros(height * width, bool)
    for pixel in range(height * width):
        row, column = divmod(pixel, width)
        patch = covered[
            pixel,
            max(0, row - reach) : row + reach + 1,
            max(0, column - reach) : column + reach + 1,
        ]
        is_changed[pixel] = patch.any()
        patch[...] = 0
    weights = np.zeros(height * width, np.float32)
    # A patch without ink changes nothing and is not classified.
    before = reader.compute_probabilities(image[None])[0, digit]
    weights[is_changed] = before - reader.compute_probabilities(covered[is_changed])[:, digit]
    return weights.reshape(height, width)
