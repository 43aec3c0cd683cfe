"""A zip of labelled images, as a user would make one."""

import io
import zipfile
from collections.abc import Iterable

import cv2
import numpy as np


def build_zip(images: np.ndarray, labels: Iterable[int], *, more: dict[str, bytes]) -> bytes:
    """`7/0.png` and so on, dark on white with a margin; `more` has other files by name."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for k, (image, label) in enumerate(zip(images, labels, strict=True)):
            picture = cv2.resize(255 - np.pad(image, 6), None, fx=5, fy=5)
            archive.writestr(f"{label}/{k}.png", cv2.imencode(".png", picture)[1].tobytes())
        for name, data in more.items():
            archive.writestr(name, data)
    return content.getvalue()
