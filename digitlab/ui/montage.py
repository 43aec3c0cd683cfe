"""Many small images as one picture."""

import numpy as np


def build_montage(images: np.ndarray, columns: int, *, gap_px: int = 0) -> np.ndarray:
    """Arrange images in rows, on white.

    Args:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8, n > 0, as they are displayed.
        gap_px: margin on all sides of each image.
    Returns:
        `(height, width)` or `(height, width, 3)` uint8; the last row is filled up with white.
    """
    n_missing = -len(images) % columns
    padding = ((0, n_missing), (gap_px, gap_px), (gap_px, gap_px), *[(0, 0)] * (images.ndim - 3))
    padded = np.pad(images, padding, constant_values=255)
    grid = padded.reshape(-1, columns, *padded.shape[1:]).swapaxes(1, 2)
    height, width = grid.shape[0] * grid.shape[1], grid.shape[2] * grid.shape[3]
    return grid.reshape(height, width, *images.shape[3:])
