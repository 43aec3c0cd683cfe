"""Files replaced as a whole: a reader, or a crash, finds the old one or the new one."""

import json
import os
import threading
from pathlib import Path
from typing import Any


def replace_file(path: Path, content: bytes, *, is_lasting: bool = False) -> None:
    """Write a file beside its place and move it there.

    Args:
        is_lasting: wait until it is on the disk, so that it outlives a power cut too.
    Raises:
        OSError: the disk is full, for example; the old file is still there.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            if is_lasting:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def write_json(path: Path, values: Any) -> None:
    """Write JSON so that a reader sees the old file or the new one, never half of one."""
    text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    replace_file(path, text.encode("utf-8"))
