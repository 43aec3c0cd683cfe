"""Occlusion maps: which pixels of an image the answer depends on."""

from collections.abc import Sequence

import numpy as np

from digitlab.inference.reader import DigitReader

# Of a 28x28 image, five pixels: about the width of a stroke with its margins.
_PATCH_FRACTION = 0.18
# A photo has content everywhere and its network is slower, so its map is coarser.
_PHOTO_STEPS, _PHOTO_PATCH_FRACTION = 16, 0.25


def compute_occlusion(reader: DigitReader, image: np.ndarray, classes: Sequence[int]) -> np.ndarray:
    """Compute how much each pixel contributes to the probabilities of some classes.

    A square patch around each pixel is set to paper, in a photo around every sixteenth of its side
    and to the photo's mean colour. The pixel's weight is the decrease of the class's probability.

    Args:
        image: uint8, `(h, w)` with ink 255, or a photo `(h, w, 3)`.
        classes: the classes whose probabilities are compared.
    Returns:
        `(len(classes), h, w)` float32; positive where a pixel supports the class, negative where it
        contradicts it.
    Source: Zeiler and Fergus 2014, section 4.2.
    """
    is_photo = image.ndim == 3
    height, width = image.shape[:2]
    step = max(1, min(height, width) // _PHOTO_STEPS) if is_photo else 1
    patch = min(height, width) * (_PHOTO_PATCH_FRACTION if is_photo else _PATCH_FRACTION)
    fill = image.mean(axis=(0, 1)).round().astype(np.uint8) if is_photo else np.uint8(0)
    reach = round(patch) // 2
    rows, columns = range(step // 2, height, step), range(step // 2, width, step)
    covered = np.repeat(image[None], len(rows) * len(columns), axis=0)
    for k, (row, column) in enumerate((row, column) for row in rows for column in columns):
        covered[
            k,
            max(0, row - reach) : row + reach + 1,
            max(0, column - reach) : column + reach + 1,
        ] = fill
    # A patch without ink changes nothing and is not classified.
    is_changed = (covered != image).reshape(len(covered), -1).any(axis=1)
    weights = np.zeros((len(covered), len(classes)), np.float32)
    before = reader.compute_probabilities(image[None])[0, list(classes)]
    after = reader.compute_probabilities(covered[is_changed])[:, list(classes)]
    weights[is_changed] = before - after
    coarse = weights.T.reshape(len(classes), len(rows), len(columns))
    return coarse.repeat(step, axis=1).repeat(step, axis=2)[:, :height, :width]
