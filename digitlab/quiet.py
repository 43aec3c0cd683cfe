"""Silence for libraries that print to the file descriptor itself, past Python's streams."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

STDOUT, STDERR = 1, 2


@contextlib.contextmanager
def silence(descriptor: int) -> Iterator[None]:
    """Send what a C library writes to standard output or standard error nowhere.

    It holds for the whole process: keep the block short.

    Args:
        descriptor: `STDOUT` or `STDERR`.
    """
    (sys.stdout if descriptor == STDOUT else sys.stderr).flush()
    kept = os.dup(descriptor)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), descriptor)
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
