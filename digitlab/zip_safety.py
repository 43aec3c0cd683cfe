"""Read zip archives from untrusted sources: bounded memory and time, nothing written to disk."""

import contextlib
import io
import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from digitlab.errors import LabelledFilesError

# The one limit of uploads: for the server (.streamlit/config.toml), pages and error messages.
MAX_UPLOAD_MB = 50
# Streamlit counts a megabyte as 1024 * 1024 bytes.
MAX_ARCHIVE_BYTES = MAX_UPLOAD_MB * 1024 * 1024
# Of all files together, uncompressed. Images hardly compress, so real test sets stay far below.
MAX_UNCOMPRESSED_BYTES = 500_000_000
# A directory entry is 46 bytes and a name; longer names on average are not those of images.
_MAX_ENTRY_BYTES = 400
_END_SIGNATURE, _ZIP64_SIGNATURE = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES, _LOCATOR_BYTES, _MAX_COMMENT_BYTES = 22, 20, 65_535
_DRIVE = re.compile("[A-Za-z]:")
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError,
    ValueError,
)  # fmt: skip


class RejectedEntry(Exception):  # noqa: N818
    """One file is skipped; the message is the reason."""


@contextlib.contextmanager
def open_archive(source: bytes | Path | BinaryIO, *, max_files: int) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive after checking its size and its number of files.

    Args:
        source: its content, its path, or a seekable binary file.
    Raises:
        LabelledFilesError: it is not a zip archive, it is damaged, or it is too large.
    """
    with contextlib.ExitStack() as stack:
        try:
            if isinstance(source, bytes):
                source = io.BytesIO(source)
            elif isinstance(source, Path):
                source = stack.enter_context(source.open("rb"))
            # Python reads the whole directory at once, so its size is checked first.
            _check_directory(source, max_files)
            archive = stack.enter_context(zipfile.ZipFile(source))
        except (*_ZIP_ERRORS, struct.error) as error:
            raise LabelledFilesError(
                f"This zip cannot be read ({error}). Pack the folders again."
            ) from error
        if len(archive.infolist()) > max_files:
            raise _build_too_many_error(max_files)
        yield archive


def read_members(
    archive: zipfile.ZipFile, skipped: Counter[str], *, max_bytes: int
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """List the files of an archive: name, and a function that reads at most `max_bytes`.

    The function raises `RejectedEntry`. Files whose names lead outside are counted in `skipped`.

    Raises:
        LabelledFilesError: the files are larger than `MAX_UNCOMPRESSED_BYTES` together.
    """
    files = [info for info in archive.infolist() if not info.is_dir()]
    if sum(min(info.file_size, max_bytes) for info in files) > MAX_UNCOMPRESSED_BYTES:
        raise LabelledFilesError(
            f"The files in this zip are larger than {MAX_UNCOMPRESSED_BYTES // 1_000_000:,} MB "
            "together. Choose fewer or smaller images."
        )
    for info in files:
        name = info.filename.replace("\\", "/")
        if PurePosixPath(name).is_absolute() or ".." in name.split("/") or _DRIVE.match(name):
            # Harmless, since nothing is written, but a sign of a manipulated archive.
            skipped["the path leads outside the zip"] += 1
            continue
        yield name, lambda info=info: _read_member(archive, info, max_bytes)  # type: ignore[misc]


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, max_bytes: int) -> bytes:
    too_large = f"larger than {max_bytes // 1_000_000} MB"
    if info.file_size > max_bytes:
        raise RejectedEntry(too_large)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Python decompresses whole blocks of other methods, whatever length is requested.
        raise RejectedEntry("unsupported compression method")
    try:
        with archive.open(info) as file:
            # One byte more than allowed: the size in the directory may be wrong.
            content = file.read(max_bytes + 1)
    except _ZIP_ERRORS as error:
        raise RejectedEntry("damaged or encrypted") from error
    if len(content) > max_bytes:
        raise RejectedEntry(too_large)
    return content


def _check_directory(source: BinaryIO, max_files: int) -> None:
    """Check the end record of an archive, before its directory is read."""
    size = source.seek(0, io.SEEK_END)
    if size > MAX_ARCHIVE_BYTES:
        raise LabelledFilesError(
            f"This zip is larger than {MAX_UPLOAD_MB} MB. Choose fewer or smaller images."
        )
    start = max(0, size - _MAX_COMMENT_BYTES - _END_BYTES - _LOCATOR_BYTES)
    source.seek(start)
    tail = source.read()
    source.seek(0)
    end = tail.rfind(_END_SIGNATURE)
    if end < 0 or len(tail) - end < _END_BYTES:
        raise zipfile.BadZipFile("it has no end record")
    if _ZIP64_SIGNATURE in tail[max(0, end - _LOCATOR_BYTES) : end]:
        # Needed only above 65,535 files or 4 GB, which is too much in any case.
        raise _build_too_many_error(max_files)
    n_files, directory_bytes = struct.unpack_from("<HI", tail, end + 10)
    if n_files > max_files or directory_bytes > max_files * _MAX_ENTRY_BYTES:
        raise _build_too_many_error(max_files)


def _build_too_many_error(max_files: int) -> LabelledFilesError:
    return LabelledFilesError(
        f"This zip has more than {max_files:,} files. Leave some of them out."
    )
