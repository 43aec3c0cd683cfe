"""User test sets: images sorted into folders named by their digit, or labelled drawings.

`7/anything.png` is a 7. Zip archives are read in memory; nothing is written to disk.
"""

import io
import os
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from digitlab.errors import InkError, UserTestSetError
from digitlab.evaluation.zip_safety import RejectedEntry, open_archive, read_members
from digitlab.ink import decode_picture, parse_drawing, prepare_drawing, prepare_picture
from digitlab.ink.decode import PICTURE_SUFFIXES, measure_picture
from digitlab.jobs import ProgressCallback
from digitlab.png import encode_png, to_dark_on_light
from digitlab.quantities import format_duration

MAX_FILES = 20_000
MAX_FILE_BYTES = 20_000_000
# Of all images of a zip together. Small files can hold enormous images: without a budget, a zip of
# half a megabyte keeps the machine busy for hours.
MAX_ZIP_PIXELS = 2_000_000_000
MAX_SECONDS = 600
_PROGRESS_EVERY = 64
_NOT_A_DIGIT_FOLDER = "not in a folder named 0 to 9"
_NOT_AN_IMAGE = "not an image file"
_UNREADABLE = "no digit can be read"
_SYSTEM_FILE = "hidden system file"
_NO_INK = "drawing without ink"

# A file's label and name, and a function that returns its content or raises `RejectedEntry`.
_Entry = tuple[int, str, Callable[[], bytes]]


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
        return [
            f"{count:,} {'file' if count == 1 else 'files'} skipped: {reason}."
            for reason, count in sorted(self.skipped.items(), key=lambda item: -item[1])
        ]


def read_labelled_zip(
    source: bytes | Path | BinaryIO, *, progress: ProgressCallback | None = None
) -> UserTestSet:
    """Read a zip archive of labelled images.

    Args:
        source: its content, its path, or a seekable binary file.
        progress: called with files done and the number of files.
    Raises:
        UserTestSetError: it is not a zip archive, it is too large, or no image can be used.
    """
    skipped: Counter[str] = Counter()
    with open_archive(source, max_files=MAX_FILES) as archive:
        entries: list[_Entry] = []
        for name, read in read_members(archive, skipped, max_bytes=MAX_FILE_BYTES):
            _add_entry(entries, skipped, name, read)
        return _read_entries(entries, skipped, progress, max_pixels=MAX_ZIP_PIXELS)


def read_labelled_folder(folder: Path, *, progress: ProgressCallback | None = None) -> UserTestSet:
    """Read a folder of labelled images. Symbolic links are not followed.

    Args:
        progress: called with files done and the number of files.
    Raises:
        UserTestSetError: the folder is missing, it has too many files, or no image can be used.
    """
    if not folder.is_dir():
        raise UserTestSetError(f"There is no folder {folder}. Name a folder or a zip.")
    skipped: Counter[str] = Counter()
    entries: list[_Entry] = []
    paths = list(islice(_walk(folder), MAX_FILES + 1))
    if len(paths) > MAX_FILES:
        raise UserTestSetError(
            f"{folder} has more than {MAX_FILES:,} files. Choose a smaller test set: "
            "1,000 digits measure the accuracy to within two percent."
        )
    for path in paths:
        # The folder's name is included, so that a single folder `7` can be given.
        name = (Path(folder.resolve().name) / path.relative_to(folder)).as_posix()
        _add_entry(entries, skipped, name, lambda path=path: _read_file(path))  # type: ignore[misc]
    return _read_entries(entries, skipped, progress)


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
        UserTestSetError: all drawings are empty.
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


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(parent) / name for name in sorted(names))


def _read_file(path: Path) -> bytes:
    # A device or a pipe may never end, and a link may lead anywhere.
    if path.is_symlink() or not path.is_file():
        raise RejectedEntry("not a regular file")
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise RejectedEntry(f"larger than {MAX_FILE_BYTES // 1_000_000} MB")
        return path.read_bytes()
    except OSError as error:
        raise RejectedEntry("no permission to read it") from error


def _add_entry(
    entries: list[_Entry], skipped: Counter[str], name: str, read: Callable[[], bytes]
) -> None:
    """Add a labelled image to `entries`, count any other file in `skipped`."""
    *folders, file = name.split("/")
    if file.startswith(".") or "__MACOSX" in folders:
        skipped[_SYSTEM_FILE] += 1
    elif not file.lower().endswith(PICTURE_SUFFIXES):
        skipped[_NOT_AN_IMAGE] += 1
    elif not folders or folders[-1] not in tuple("0123456789"):
        skipped[_NOT_A_DIGIT_FOLDER] += 1
    else:
        entries.append((int(folders[-1]), name, read))


def _read_entries(
    entries: list[_Entry],
    skipped: Counter[str],
    progress: ProgressCallback | None,
    *,
    max_pixels: int | None = None,
) -> UserTestSet:
    """Decode the files one after another, so that only one large image is in memory at a time."""
    images: list[np.ndarray] = []
    labels: list[int] = []
    names: list[str] = []
    n_pixels = 0
    end_s = time.monotonic() + MAX_SECONDS
    for k, (label, name, read) in enumerate(entries):
        if time.monotonic() > end_s:
            skipped[f"not read within {format_duration(MAX_SECONDS)}"] += len(entries) - k
            break
        try:
            content = read()
            n_pixels += _count_pixels(content)
            if max_pixels is not None and n_pixels > max_pixels:
                limit = f"beyond {max_pixels // 1_000_000:,} megapixels in all"
                skipped[limit] += len(entries) - k
                break
            images.append(prepare_picture(decode_picture(content)).image)
        except RejectedEntry as rejection:
            skipped[str(rejection)] += 1
        except InkError:
            skipped[_UNREADABLE] += 1
        else:
            labels.append(label)
            names.append(name)
        if progress is not None and ((k + 1) % _PROGRESS_EVERY == 0 or k + 1 == len(entries)):
            progress(k + 1, len(entries))
    return _build_test_set(images, labels, names, skipped)


def _count_pixels(content: bytes) -> int:
    """An image's size by its header; 0 if it has none: then nothing will be decoded either."""
    try:
        width, height = measure_picture(content)
    except Exception:
        # Pillow raises nearly anything on a damaged header; `decode_picture` reports it.
        return 0
    return width * height


def _build_test_set(
    images: list[np.ndarray], labels: list[int], names: list[str], skipped: Counter[str]
) -> UserTestSet:
    if not labels:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in skipped.items())
        raise UserTestSetError(
            f"No labelled digits were found{f' (skipped: {reasons})' if reasons else ''}. "
            "Sort the images into folders named 0 to 9, such as 7/photo.png, and try again."
        )
    return UserTestSet(np.stack(images), np.array(labels, np.uint8), tuple(names), dict(skipped))
