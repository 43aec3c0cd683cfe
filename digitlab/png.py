"""Pictures for the browser and for files: PNG, and PNG as an address."""

import base64

import cv2
import numpy as np


def encode_png(picture: np.ndarray) -> bytes:
    """A picture as a PNG file.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8, as it is to be seen.
    """
    # OpenCV's colours are the other way round.
    _, png = cv2.imencode(".png", picture[..., ::-1] if picture.ndim == 3 else picture)
    return png.tobytes()


def build_data_uri(picture: np.ndarray) -> str:
    """A picture as an address for an `img`; arguments as `encode_png`."""
    return "data:image/png;base64," + base64.b64encode(encode_png(picture)).decode("ascii")


def to_dark_on_light(image: np.ndarray) -> np.ndarray:
    """How a network's image is shown: ink dark on light paper, colours as they are.

    Args:
        image: `(h, w)` uint8, ink 255, or `(h, w, 3)`.
    """
    return 255 - image if image.ndim == 2 else image
