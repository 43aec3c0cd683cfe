"""User test sets: images sorted into folders named by their digit, or labelled drawings.

`7/anything.png` is a 7. Zip archives are read in memory; nothing is written to disk.
"""

import io
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from digitlab.errors import InkError
from digitlab.inference.labelled_files import (
    MAX_ZIP_PIXELS,
    LabelledFile,
    build_nothing_found_error,
    list_folder,
    open_zip,
    read_contents,
)
from digitlab.ink import decode_picture, parse_drawing, prepare_drawing, prepare_picture
from digitlab.jobs import ProgressCallback
from digitlab.png import encode_png, to_dark_on_light
from digitlab.quantities import describe_left_out_files

DIGITS = tuple("0123456789")
_NOT_A_DIGIT_FOLDER = "not in a folder named 0 to 9"
_UNREADABLE = "no digit can be read"
_NO_INK = "drawing without ink"


@dataclass(frozen=True)
class UserTestSet:
    """Labelled digits that a user supplied.

    Attributes:
        images: `(n, 28, 28)` uint8, ink 255, framed as in MNIST; n > 0.
        labels: `(n,)` uint8.
        names: `(n,)` the file each image came from.
        skipped: how many files were skipped, by reason.
    """

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    skipped: dict[str, int]

    def describe_skipped(self) -> list[str]:
        """One sentence for each reason: "3 files skipped: not an image file."."""
        return describe_left_out_files(self.skipped, "skipped")


def read_labelled_zip(
    source: bytes | Path | BinaryIO, *, progress: ProgressCallback | None = None
) -> UserTestSet:
    """Read a zip archive of labelled images.

    Args:
        source: its content, its path, or a seekable binary file.
        progress: called with files done and the number of files.
    Raises:
        LabelledFilesError: it is not a zip archive, it is too large, or no image can be used.
    """
    skipped: Counter[str] = Counter()
    with open_zip(source, skipped) as files:
        return _read_files(files, skipped, progress, max_pixels=MAX_ZIP_PIXELS)


def read_labelled_folder(folder: Path, *, progress: ProgressCallback | None = None) -> UserTestSet:
    """Read a folder of labelled images. Symbolic links are not followed.

    Args:
        progress: called with files done and the number of files.
    Raises:
        LabelledFilesError: the folder is missing, it has too many files, or no image can be used.
    """
    skipped: Counter[str] = Counter()
    # The folder's name is included, so that a single folder `7` can be given.
    files = list_folder(folder, skipped, prefix=folder.resolve().name)
    return _read_files(files, skipped, progress)


def pack_labelled_zip(test_set: UserTestSet) -> bytes:
    """Write a zip that `read_labelled_zip` can read: `7/0003.png`, dark on light."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for k, (image, label) in enumerate(zip(test_set.images, test_set.labels, strict=True)):
            archive.writestr(f"{label}/{k:04d}.png", encode_png(to_dark_on_light(image)))
    return content.getvalue()


def label_drawings(drawings: Sequence[tuple[object, int]]) -> UserTestSet:
    """Build a test set from drawings.

    Args:
        drawings: pairs of a canvas's `json_data` and the digit that was meant, 0 to 9.
    Raises:
        LabelledFilesError: all drawings are empty.
    """
    images, labels, skipped = [], [], Counter[str]()
    for drawing, digit in drawings:
        try:
            images.append(prepare_drawing(parse_drawing(drawing)).image)
        except InkError:
            skipped[_NO_INK] += 1
            continue
        labels.append(digit)
    names = [f"drawing {k + 1}" for k in range(len(images))]
    return _build_test_set(images, labels, names, skipped)


def _read_files(
    files: Sequence[LabelledFile],
    skipped: Counter[str],
    progress: ProgressCallback | None,
    *,
    max_pixels: int | None = None,
) -> UserTestSet:
    """Decode the files one after another, so that only one large image is in memory at a time."""
    images: list[np.ndarray] = []
    labels: list[int] = []
    names: list[str] = []
    in_digit_folders = [file for file in files if file.label in DIGITS]
    skipped[_NOT_A_DIGIT_FOLDER] += len(files) - len(in_digit_folders)
    contents = read_contents(in_digit_folders, skipped, progress, max_pixels=max_pixels)
    for file, content in contents:
        try:
            images.append(prepare_picture(decode_picture(content)).image)
        except InkError:
            skipped[_UNREADABLE] += 1
            continue
        labels.append(int(file.label))
        names.append(file.name)
    return _build_test_set(images, labels, names, +skipped)


def _build_test_set(
    images: list[np.ndarray], labels: list[int], names: list[str], skipped: Counter[str]
) -> UserTestSet:
    if not labels:
        raise build_nothing_found_error(
            "digits", skipped, "Sort the images into folders named 0 to 9, such as 7/photo.png,"
        )
    return UserTestSet(np.stack(images), np.array(labels, np.uint8), tuple(names), dict(skipped))
