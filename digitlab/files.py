"""Files replaced as a whole, and JSON that is checked when it is read."""

import functools
import json
import os
import shutil
import threading
import time
from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


def replace_file(path: Path, content: bytes, *, is_durable: bool = False) -> None:
    """Write to a temporary file and rename it: readers see the old or the new file.

    Args:
        is_durable: flush to the disk first, so that the file survives a power cut.
    Raises:
        OSError: the disk is full, for example; the old file is still there.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            if is_durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def write_json(path: Path, values: Any) -> None:
    """Write JSON so that a reader sees the old file or the new one, never a partial file."""
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    replace_file(path, text.encode("utf-8"))


def remove_directory(directory: Path) -> None:
    """Remove a directory; it is hidden at once, even if removing its files takes a while or fails.

    Raises:
        OSError: it cannot be renamed, or not all of its files can be removed.
    """
    trash = directory.with_name(f".deleted-{time.time_ns()}")
    directory.rename(trash)
    shutil.rmtree(trash)


def measure_free_disk(folder: Path) -> int:
    """Bytes that are free where a folder is, or will be created."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def load_json(path: Path, kind: type[T]) -> T:
    """Load a JSON file as a dataclass or `TypedDict`; unknown fields are ignored.

    Args:
        kind: the type its content must have, field by field.
    Raises:
        OSError: the file is missing or unreadable.
        ValueError: it is no JSON, or a field is missing or of another type; the message names it.
    """
    content = path.read_bytes()
    try:
        value: T = _get_adapter(cast("Hashable", kind)).validate_json(content, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "content"
        raise ValueError(f"{place}: {first['msg']}") from error
    return value


@functools.lru_cache
def _get_adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("Any", kind))
