"""Small deformations of a digit that leave it the same digit: their mean is a surer answer."""

import cv2
import numpy as np

_CENTRE = 13.5
_ROTATIONS_DEG = (-8.0, 8.0)
_SHEARS = (-0.15, 0.15)
_SCALINGS = ((0.9, 0.9), (1.08, 1.08), (0.88, 1.0), (1.0, 0.9))
_SHIFTS_PX = ((-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0))
_PEN = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def _build_matrices() -> list[np.ndarray]:
    linear = [
        np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        for angle in np.deg2rad(_ROTATIONS_DEG)
    ]
    linear += [np.array([[1.0, shear], [0.0, 1.0]]) for shear in _SHEARS]
    linear += [np.diag(scaling) for scaling in _SCALINGS]
    centre = np.array([_CENTRE, _CENTRE])
    matrices = [np.column_stack([matrix, centre - matrix @ centre]) for matrix in linear]
    return matrices + [np.column_stack([np.eye(2), shift]) for shift in _SHIFTS_PX]


_MATRICES = _build_matrices()
# With the image itself, and the pen half a pixel thicker and thinner.
N_DEFORMATIONS = len(_MATRICES) + 3


def deform(image: np.ndarray) -> np.ndarray:
    """The image itself, then rotated, sheared, scaled, shifted, and with another pen.

    Args:
        image: `(28, 28)` uint8, ink 255, paper 0.
    Returns:
        `(N_DEFORMATIONS, 28, 28)` uint8.
    """
    warped = [cv2.warpAffine(image, matrix, (28, 28)) for matrix in _MATRICES]
    thick = cv2.addWeighted(image, 0.5, cv2.dilate(image, _PEN), 0.5, 0)
    thin = cv2.addWeighted(image, 0.5, cv2.erode(image, _PEN), 0.5, 0)
    return np.stack([image, *warped, thick, thin])
