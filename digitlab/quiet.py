"""Silence for libraries that print to the file descriptor itself, past Python's streams."""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

STDOUT, STDERR = 1, 2
_lock = threading.RLock()


@contextlib.contextmanager
def silence(descriptor: int) -> Iterator[None]:
    """Send what a C library writes to standard output or standard error nowhere.

    It holds for the whole process: keep the block short.

    Args:
        descriptor: `STDOUT` or `STDERR`.
    """
    stream = sys.stdout if descriptor == STDOUT else sys.stderr
    if stream is None:
        # The process was started without it: there is nothing to silence.
        yield
        return
    # Two blocks that overlapped would each restore what the other had put in place.
    with _lock:
        stream.flush()
        kept = os.dup(descriptor)
        try:
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), descriptor)
            yield
        finally:
            os.dup2(kept, descriptor)
            os.close(kept)
