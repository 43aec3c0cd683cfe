"""Why a reader answered so: cover a part of the digit and see how the answer suffers."""

import numpy as np

from digitlab.inference.reader import DigitReader

PATCH_PX = 5


def compute_occlusion(
    reader: DigitReader, image: np.ndarray, digit: int, *, patch_px: int = PATCH_PX
) -> np.ndarray:
    """How much each place matters for one answer.

    A square of paper is laid over the digit at each pixel in turn; the drop of the digit's
    probability is that pixel's weight.

    Args:
        image: `(28, 28)` uint8, ink 255.
        digit: whose probability to watch.
        patch_px: side of the covering square.
    Returns:
        `(28, 28)` float32; positive where ink speaks for the digit, negative where against it.
    Source: Zeiler and Fergus 2014, section 4.2.
    """
    height, width = image.shape
    covered = np.repeat(image[None], height * width, axis=0)
    reach = patch_px // 2
    changed = np.zeros(height * width, bool)
    for place in range(height * width):
        row, column = divmod(place, width)
        patch = covered[
            place,
            max(0, row - reach) : row + reach + 1,
            max(0, column - reach) : column + reach + 1,
        ]
        changed[place] = patch.any()
        patch[...] = 0
    weights = np.zeros(height * width, np.float32)
    # Where the square covers no ink, nothing changes and nothing has to be computed.
    before = reader.compute_probabilities(image[None])[0, digit]
    weights[changed] = before - reader.compute_probabilities(covered[changed])[:, digit]
    return weights.reshape(height, width)
