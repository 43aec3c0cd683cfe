"""PNG files and data URIs of images."""

import base64

import cv2
import numpy as np


def encode_png(image: np.ndarray) -> bytes:
    """Encode an image as a PNG file.

    Args:
        image: `(h, w)` or `(h, w, 3)` uint8 RGB.
    """
    # OpenCV's colour order is BGR.
    _, png = cv2.imencode(".png", image[..., ::-1] if image.ndim == 3 else image)
    return png.tobytes()


def build_data_uri(image: np.ndarray) -> str:
    """Encode an image as a data URI for an `img` element; arguments as `encode_png`."""
    return "data:image/png;base64," + base64.b64encode(encode_png(image)).decode("ascii")


def to_dark_on_light(image: np.ndarray) -> np.ndarray:
    """Invert a grey image of the network for display; leave colours unchanged.

    Args:
        image: `(h, w)` uint8, ink 255; or `(h, w, 3)`.
    Returns:
        Dark ink on light paper.
    """
    return 255 - image if image.ndim == 2 else image
