"""Zips of labelled images, as a user would make them, and other archives."""

import io
import warnings
import zipfile
from collections.abc import Iterable

import cv2
import numpy as np
from PIL import Image

from digitlab.datasets.sample import load_sample


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


def build_pngs() -> list[tuple[int, bytes]]:
    """Twenty real digits as PNG files: label and content."""
    sample = load_sample()
    found = []
    for image, label in zip(sample["x_test"][::50], sample["y_test"][::50], strict=True):
        file = io.BytesIO()
        Image.fromarray(255 - image).resize((140, 140)).save(file, "PNG")
        found.append((int(label), file.getvalue()))
    return found


def pack(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Pack files, given by name and content, into a compressed zip."""
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # the same name twice
        for name, content in files:
            archive.writestr(name, content)
    return file.getvalue()
