"""How much memory this computer, or this container, has left."""

import contextlib
from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")


def measure_free_memory() -> int:
    """Bytes that a new process could use: of the computer, or of the container if that has less."""
    free: int = psutil.virtual_memory().available
    # Without a limit, the file says "max"; outside of a container there may be none.
    with contextlib.suppress(OSError, ValueError):
        limit = int((_CGROUP / "memory.max").read_text())
        used = int((_CGROUP / "memory.current").read_text())
        statistics = dict(
            line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines()
        )
        # Pages of files are dropped when memory is short.
        free = min(free, limit - used + int(statistics["inactive_file"]))
    return free
