"""Many small pictures as one."""

import cv2
import numpy as np

_COLUMNS = 10
_GAP_PX = 2
_SCALE = 3


def build_picture_sheet(images: np.ndarray, has_ink: bool) -> np.ndarray:
    """Lay pictures out in rows of ten, pixels visible, on white.

    Args:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8.
        has_ink: whether 255 is ink, which is shown dark.
    Returns:
        `(height, width)` or `(height, width, 3)` uint8.
    """
    shown = 255 - images if has_ink else images
    padding = ((0, 0), (_GAP_PX, _GAP_PX), (_GAP_PX, _GAP_PX), *[(0, 0)] * (images.ndim - 3))
    shown = np.pad(shown, padding, constant_values=255)
    lacking = -len(shown) % _COLUMNS
    shown = np.concatenate([shown, np.full((lacking, *shown.shape[1:]), 255, np.uint8)])
    rows = [
        np.concatenate(shown[start : start + _COLUMNS], axis=1)
        for start in range(0, len(shown), _COLUMNS)
    ]
    sheet = np.concatenate(rows, axis=0)
    return cv2.resize(sheet, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_NEAREST)
