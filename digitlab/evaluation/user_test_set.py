"""A person's own test set: pictures sorted into folders named by their digit, or drawings.

`7/whatever.png` is a 7. Zips are read in memory: nothing of them is ever written to the disk.
"""

import io
import os
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from digitlab.errors import InkError, UserTestSetError
from digitlab.evaluation.zip_safety import RejectedEntry, open_archive, read_members
from digitlab.ink import decode_picture, parse_drawing, prepare_drawing, prepare_picture
from digitlab.ink.decode import PICTURE_SUFFIXES
from digitlab.png import encode_png, to_dark_on_light

Progress = Callable[[int, int], None]
MAX_FILES = 20_000
MAX_FILE_BYTES = 20_000_000
_BLOCK = 64
# Small files can hold enormous pictures: 20,000 of them would keep the machine busy for hours.
MAX_SECONDS = 600
_NOT_A_DIGIT = "in no folder named 0 to 9"
_NO_PICTURE = "no picture file"
_UNREADABLE = "not readable as a digit"
_HIDDEN = "hidden files of the system"

# A file's label and name, and a function that gives its bytes or raises `RejectedEntry`.
_Entry = tuple[int, str, Callable[[], bytes]]


@dataclass(frozen=True)
class UserTestSet:
    """Labelled digits of a person's own.

    Attributes:
        images: `(n, 28, 28)` uint8, ink 255, framed as in MNIST; n > 0.
        labels: `(n,)` uint8.
        names: `(n,)` where each came from.
        skipped: how many files were left out, by the reason.
    """

    images: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    skipped: dict[str, int]

    def describe_skipped(self) -> list[str]:
        """One sentence a reason: "3 files left out: no picture file."."""
        return [
            f"{count:,} {'file' if count == 1 else 'files'} left out: {reason}."
            for reason, count in sorted(self.skipped.items(), key=lambda item: -item[1])
        ]


def read_labelled_zip(
    source: bytes | Path | BinaryIO, *, progress: Progress | None = None
) -> UserTestSet:
    """Read a zip of labelled pictures, in memory.

    Args:
        source: its bytes, its path, or an open binary file that can be searched.
        progress: called with files done and files in all.
    Raises:
        UserTestSetError: it is no zip, it is too large, or nothing in it can be used.
    """
    skipped: Counter[str] = Counter()
    with open_archive(source, max_files=MAX_FILES) as archive:
        entries: list[_Entry] = []
        for name, read in read_members(archive, skipped, max_bytes=MAX_FILE_BYTES):
            _add_entry(entries, skipped, name, read)
        return _read_entries(entries, skipped, progress)


def read_labelled_folder(folder: Path, *, progress: Progress | None = None) -> UserTestSet:
    """Read a folder of labelled pictures. Links are not followed.

    Args:
        progress: called with files done and files in all.
    Raises:
        UserTestSetError: there is no such folder, it holds too many files, or none is usable.
    """
    if not folder.is_dir():
        raise UserTestSetError(f"There is no folder {folder}. Name a folder or a zip.")
    skipped: Counter[str] = Counter()
    entries: list[_Entry] = []
    paths = list(islice(_walk(folder), MAX_FILES + 1))
    if len(paths) > MAX_FILES:
        raise UserTestSetError(
            f"{folder} holds more than {MAX_FILES:,} files. Choose a smaller test set: "
            "1,000 digits already tell accuracy within a percent or two."
        )
    for path in paths:
        # The folder's own name counts too, so that a single folder `7` can be given.
        name = (Path(folder.resolve().name) / path.relative_to(folder)).as_posix()
        _add_entry(entries, skipped, name, lambda path=path: _read_file(path))  # type: ignore[misc]
    return _read_entries(entries, skipped, progress)


def pack_labelled_zip(own: UserTestSet) -> bytes:
    """The digits as a zip that `read_labelled_zip` reads again: `7/0003.png`, ink dark on light."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for k, (image, label) in enumerate(zip(own.images, own.labels, strict=True)):
            archive.writestr(f"{label}/{k:04d}.png", encode_png(to_dark_on_light(image)))
    return content.getvalue()


def label_drawings(drawings: Sequence[tuple[object, int]]) -> UserTestSet:
    """Drawings with the digits their author meant.

    Args:
        drawings: each a canvas's `json_data` and a digit, 0 to 9.
    Raises:
        UserTestSetError: none of them has ink.
    """
    images, labels, skipped = [], [], Counter[str]()
    for drawing, digit in drawings:
        try:
            images.append(prepare_drawing(parse_drawing(drawing)).image)
        except InkError:
            skipped["a drawing without ink"] += 1
            continue
        labels.append(digit)
    names = tuple(f"drawing {k + 1}" for k in range(len(images)))
    return _pack(images, labels, names, skipped)


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(place) / name for name in sorted(names))


def _read_file(path: Path) -> bytes:
    # A device or a pipe could be read for ever, a link could lead anywhere.
    if path.is_symlink() or not path.is_file():
        raise RejectedEntry("no ordinary file")
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise RejectedEntry(f"larger than {MAX_FILE_BYTES // 1_000_000} MB")
        return path.read_bytes()
    except OSError as error:
        raise RejectedEntry("may not be read") from error


def _add_entry(
    entries: list[_Entry], skipped: Counter[str], name: str, read: Callable[[], bytes]
) -> None:
    """Keep what looks like a labelled picture, count what does not."""
    *folders, file = name.split("/")
    if file.startswith(".") or "__MACOSX" in folders:
        skipped[_HIDDEN] += 1
    elif not file.lower().endswith(PICTURE_SUFFIXES):
        skipped[_NO_PICTURE] += 1
    elif not folders or folders[-1] not in tuple("0123456789"):
        skipped[_NOT_A_DIGIT] += 1
    else:
        entries.append((int(folders[-1]), name, read))


def _read_entries(
    entries: list[_Entry], skipped: Counter[str], progress: Progress | None
) -> UserTestSet:
    images: list[np.ndarray] = []
    labels: list[int] = []
    names: list[str] = []
    end_s = time.monotonic() + MAX_SECONDS
    # In blocks, so that never more than a few files are in memory at once.
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for start in range(0, len(entries), _BLOCK):
            if time.monotonic() > end_s:
                skipped[f"not reached within {MAX_SECONDS // 60} minutes"] += len(entries) - start
                break
            block = entries[start : start + _BLOCK]
            for (label, name, _), thing in zip(block, pool.map(_prepare, block), strict=True):
                if isinstance(thing, str):
                    skipped[thing] += 1
                    continue
                images.append(thing)
                labels.append(label)
                names.append(name)
            if progress is not None:
                progress(start + len(block), len(entries))
    return _pack(images, labels, tuple(names), skipped)


def _prepare(entry: _Entry) -> np.ndarray | str:
    """The framed digit, or why there is none."""
    try:
        return prepare_picture(decode_picture(entry[2]())).image
    except RejectedEntry as refusal:
        return str(refusal)
    except InkError:
        return _UNREADABLE


def _pack(
    images: Iterable[np.ndarray], labels: list[int], names: tuple[str, ...], skipped: Counter[str]
) -> UserTestSet:
    if not labels:
        left_out = ", ".join(f"{count:,} {reason}" for reason, count in skipped.items())
        raise UserTestSetError(
            f"There is no labelled digit in it{f' (left out: {left_out})' if left_out else ''}. "
            "Sort the pictures into folders named 0 to 9, such as 7/photo.png, and try again."
        )
    return UserTestSet(np.stack(list(images)), np.array(labels, np.uint8), names, dict(skipped))
