"""Pictures sorted into folders, in a zip or on the disk: bounded time and memory.

The label of a picture is the name of its folder: `rose/photo.jpg` is a rose. A zip is read in
memory, nothing is written to disk, and symbolic links are not followed.
"""

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from digitlab.errors import LabelledFilesError
from digitlab.ink.decode import PICTURE_SUFFIXES, measure_picture
from digitlab.jobs import ProgressCallback
from digitlab.quantities import format_duration
from digitlab.zip_safety import RejectedEntry, open_archive, read_members

MAX_FILES = 20_000
MAX_FILE_BYTES = 20_000_000
# Of all images of a zip together. Small files can hold enormous images: without a budget, a zip of
# half a megabyte keeps the machine busy for hours.
MAX_ZIP_PIXELS = 2_000_000_000
MAX_SECONDS = 600
_PROGRESS_EVERY = 64
_NOT_AN_IMAGE = "not an image file"
_SYSTEM_FILE = "hidden system file"


@dataclass(frozen=True)
class LabelledFile:
    """One picture file.

    Attributes:
        name: its path in the zip or folder, with slashes.
        read: returns its content, or raises `RejectedEntry`.
    """

    name: str
    read: Callable[[], bytes]

    @property
    def label(self) -> str:
        """The name of the folder it is in; empty if it is in none."""
        return PurePosixPath(self.name).parent.name


@contextlib.contextmanager
def open_zip(
    source: bytes | Path | BinaryIO, skipped: Counter[str]
) -> Iterator[list[LabelledFile]]:
    """Open a zip archive and list its picture files; they can be read while it is open.

    Args:
        source: its content, its path, or a seekable binary file.
        skipped: other files are counted here, by reason.
    Raises:
        LabelledFilesError: it is not a zip archive, it is damaged, or it is too large.
    """
    with open_archive(source, max_files=MAX_FILES) as archive:
        members = read_members(archive, skipped, max_bytes=MAX_FILE_BYTES)
        yield _choose_pictures((LabelledFile(name, read) for name, read in members), skipped)


def list_folder(folder: Path, skipped: Counter[str], *, prefix: str = "") -> list[LabelledFile]:
    """List the picture files of a folder and its subfolders.

    Args:
        skipped: other files are counted here, by reason.
        prefix: a folder name to put before the files' names.
    Raises:
        LabelledFilesError: the folder is missing, or it has too many files.
    """
    if not folder.is_dir():
        raise LabelledFilesError(f"There is no folder {folder}. Name a folder or a zip.")
    paths = list(islice(_walk(folder), MAX_FILES + 1))
    if len(paths) > MAX_FILES:
        raise LabelledFilesError(
            f"{folder} has more than {MAX_FILES:,} files. Leave some of them out."
        )
    files = (
        LabelledFile(
            (PurePosixPath(prefix) / path.relative_to(folder).as_posix()).as_posix(),
            lambda path=path: _read_file(path),  # type: ignore[misc]
        )
        for path in paths
    )
    return _choose_pictures(files, skipped)


def read_contents(
    files: Sequence[LabelledFile],
    skipped: Counter[str],
    progress: ProgressCallback | None = None,
    *,
    max_pixels: int | None = None,
) -> Iterator[tuple[LabelledFile, bytes]]:
    """Read the files one after another, until the time or the number of pixels is used up.

    Args:
        skipped: files that are not read are counted here, by reason.
        progress: called with files done and the number of files.
        max_pixels: of all images together, by their headers.
    """
    n_pixels = 0
    end_s = time.monotonic() + MAX_SECONDS
    for k, file in enumerate(files):
        if time.monotonic() > end_s:
            skipped[f"not read within {format_duration(MAX_SECONDS)}"] += len(files) - k
            return
        try:
            content = file.read()
        except RejectedEntry as rejection:
            skipped[str(rejection)] += 1
        else:
            n_pixels += _count_pixels(content)
            if max_pixels is not None and n_pixels > max_pixels:
                skipped[f"beyond {max_pixels // 1_000_000:,} megapixels in all"] += len(files) - k
                return
            yield file, content
        if progress is not None and ((k + 1) % _PROGRESS_EVERY == 0 or k + 1 == len(files)):
            progress(k + 1, len(files))


def build_nothing_found_error(
    found: str, skipped: Mapping[str, int], advice: str
) -> LabelledFilesError:
    """The error that no file can be used, with the reasons why files were skipped.

    Args:
        found: what was looked for, in the plural.
        advice: how to sort the files.
    """
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in skipped.items())
    return LabelledFilesError(
        f"No labelled {found} were found{f' (skipped: {reasons})' if reasons else ''}. {advice} "
        "and try again."
    )


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


def _choose_pictures(files: Iterator[LabelledFile], skipped: Counter[str]) -> list[LabelledFile]:
    """The files that are pictures by their names; any other is counted in `skipped`."""
    pictures = []
    for file in files:
        *folders, name = file.name.split("/")
        if name.startswith(".") or "__MACOSX" in folders:
            skipped[_SYSTEM_FILE] += 1
        elif not name.lower().endswith(PICTURE_SUFFIXES):
            skipped[_NOT_AN_IMAGE] += 1
        else:
            pictures.append(file)
    return pictures


def _count_pixels(content: bytes) -> int:
    """An image's size by its header; 0 if it has none: then nothing will be decoded either."""
    try:
        width, height = measure_picture(content)
    except Exception:
        # Pillow raises nearly anything on a damaged header; `decode_picture` reports it.
        return 0
    return width * height
