"""Fit a photo to what a network of photos reads."""

import cv2
import numpy as np

# The outermost pixels, which show the background, as a fraction of the shorter side.
_BORDER = 0.05
_BRIGHT = 127


def fit_photo(picture: np.ndarray, image_shape: tuple[int, ...]) -> np.ndarray:
    """Crop a picture to the square in its middle and scale it.

    For a network that reads grey images the background becomes black, as in Fashion-MNIST.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8 RGB.
        image_shape: `(h, w)` or `(h, w, 3)`, what the network reads.
    Returns:
        `image_shape` uint8.
    """
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side]
    interpolation = cv2.INTER_AREA if side > image_shape[0] else cv2.INTER_CUBIC
    fitted = cv2.resize(square, image_shape[1::-1], interpolation=interpolation)
    if len(image_shape) == 3:
        return fitted if fitted.ndim == 3 else np.repeat(fitted[..., None], 3, axis=2)
    grey = fitted if fitted.ndim == 2 else cv2.cvtColor(fitted, cv2.COLOR_RGB2GRAY)
    border_px = max(1, round(_BORDER * grey.shape[0]))
    inside = np.zeros(grey.shape, bool)
    inside[border_px:-border_px, border_px:-border_px] = True
    return 255 - grey if np.median(grey[~inside]) > _BRIGHT else grey
