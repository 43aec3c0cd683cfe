"""Zips of strangers: looked into without trusting a word they say."""

import contextlib
import io
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from digitlab.errors import UserTestSetError

# The one limit of uploads, for the server (.streamlit/config.toml), the pages and messages.
MAX_UPLOAD_MB = 50
# Streamlit counts a megabyte as 1024 * 1024 bytes.
MAX_ARCHIVE_BYTES = MAX_UPLOAD_MB * 1024 * 1024
# Of all files together, unpacked: ten times what a generous test set needs.
MAX_UNPACKED_BYTES = 2_000_000_000
# A directory entry has 46 bytes and a name; names beyond this average are nobody's pictures.
_MAX_ENTRY_BYTES = 400
_END_SIGNATURE, _ZIP64_SIGNATURE = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES, _LOCATOR_BYTES, _MAX_COMMENT_BYTES = 22, 20, 65_535
_UNPACK_ERRORS = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError,
    ValueError,
)  # fmt: skip


class RejectedEntry(Exception):  # noqa: N818
    """One file is left out; the message is the reason, for a count."""


@contextlib.contextmanager
def open_archive(source: bytes | Path | BinaryIO, *, max_files: int) -> Iterator[zipfile.ZipFile]:
    """Open a zip after a look at its end, where its size is told.

    Raises:
        UserTestSetError: it is no zip, it is damaged, or it is too large.
    """
    with contextlib.ExitStack() as stack:
        try:
            if isinstance(source, bytes):
                source = io.BytesIO(source)
            elif isinstance(source, Path):
                source = stack.enter_context(source.open("rb"))
            # Python reads the whole directory at once: a lying one must be found before.
            _check_directory(source, max_files)
            archive = stack.enter_context(zipfile.ZipFile(source))
        except (*_UNPACK_ERRORS, struct.error) as error:
            raise UserTestSetError(
                f"This is no zip that can be read ({error}). Pack the folders 0 to 9 anew."
            ) from error
        if len(archive.infolist()) > max_files:
            raise _too_many(max_files)
        yield archive


def read_members(
    archive: zipfile.ZipFile, skipped: Counter[str], *, max_bytes: int
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """A zip's files: their names and functions that unpack them, at most `max_bytes` each.

    Files whose names lead out of the archive are counted in `skipped`.

    Raises:
        UserTestSetError: it unpacks to more than `MAX_UNPACKED_BYTES`.
    """
    files = [info for info in archive.infolist() if not info.is_dir()]
    if sum(min(info.file_size, max_bytes) for info in files) > MAX_UNPACKED_BYTES:
        raise UserTestSetError(
            f"This zip unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000:,} MB. "
            "Choose fewer or smaller pictures."
        )
    for info in files:
        name = info.filename.replace("\\", "/")
        if PurePosixPath(name).is_absolute() or ".." in name.split("/") or ":" in name:
            # Nothing is written, so it could do no harm; but nobody packs pictures so.
            skipped["a path that leads out of the zip"] += 1
            continue
        yield name, lambda info=info: _unpack(archive, info, max_bytes)  # type: ignore[misc]


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, max_bytes: int) -> bytes:
    too_large = f"larger than {max_bytes // 1_000_000} MB"
    if info.file_size > max_bytes:
        raise RejectedEntry(too_large)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Of other methods Python unpacks whole blocks, whatever length it is asked for.
        raise RejectedEntry("packed in a way that is not read here")
    try:
        with archive.open(info) as file:
            # One byte more than allowed: what the directory says of the size may be a lie.
            content = file.read(max_bytes + 1)
    except _UNPACK_ERRORS as error:
        raise RejectedEntry("damaged or locked with a password") from error
    if len(content) > max_bytes:
        raise RejectedEntry(too_large)
    return content


def _check_directory(source: BinaryIO, max_files: int) -> None:
    """Refuse a zip by what its last bytes say, before its directory is read."""
    size = source.seek(0, io.SEEK_END)
    if size > MAX_ARCHIVE_BYTES:
        raise UserTestSetError(
            f"This zip has more than {MAX_UPLOAD_MB} MB. Choose fewer or smaller pictures."
        )
    start = max(0, size - _MAX_COMMENT_BYTES - _END_BYTES - _LOCATOR_BYTES)
    source.seek(start)
    tail = source.read()
    source.seek(0)
    end = tail.rfind(_END_SIGNATURE)
    if end < 0 or len(tail) - end < _END_BYTES:
        raise zipfile.BadZipFile("it has no end of a zip")
    if _ZIP64_SIGNATURE in tail[max(0, end - _LOCATOR_BYTES) : end]:
        # Only for more than 65,535 files or 4 GB: both too much here.
        raise _too_many(max_files)
    n_files, directory_bytes = struct.unpack_from("<HI", tail, end + 10)
    if n_files > max_files or directory_bytes > max_files * _MAX_ENTRY_BYTES:
        raise _too_many(max_files)


def _too_many(max_files: int) -> UserTestSetError:
    return UserTestSetError(
        f"This zip holds more than {max_files:,} files. Choose a smaller test set: "
        "1,000 digits already tell accuracy within a percent or two."
    )
