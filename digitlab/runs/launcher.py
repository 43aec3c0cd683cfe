"""Starts the worker process, for a queued run or ahead of one. Must not import Keras."""

import contextlib
import importlib.util
import time
from pathlib import Path

import psutil

from digitlab.errors import RunError, describe_error
from digitlab.paths import get_queue_dir
from digitlab.processes import identify_process, start_module
from digitlab.runs.queue import count_entries, has_worker, lock_queue, record_worker

# The only place that names the worker's module.
_WORKER_MODULE = "digitlab.worker"
# TensorFlow takes about 0.5 GB of it; the rest is for the app and its users.
MIN_FREE_BYTES = 1_500_000_000
_PREWARM_RETRY_S = 60.0
_next_prewarm_s = [0.0]
_CGROUP = Path("/sys/fs/cgroup")


def ensure_worker() -> None:
    """Start a worker process if none is running on this computer.

    Raises:
        RunError: no process could be started.
    """
    with lock_queue():
        if not has_worker():
            _start_worker([])


def prewarm_worker() -> bool:
    """Start a worker that imports Keras and waits for a run, if there is memory to spare.

    Call it when the user has been on the Train page for a moment; calling it again is cheap. The
    worker has low priority and ends after some minutes without a run, or when this process ends.

    Returns:
        Whether a worker is there, ready or getting ready.
    """
    if time.monotonic() < _next_prewarm_s[0]:
        return False
    try:
        with lock_queue():
            if has_worker():
                return True
            if count_entries() or measure_free_memory_bytes() < MIN_FREE_BYTES:
                return False
            _next_prewarm_s[0] = time.monotonic() + _PREWARM_RETRY_S
            _start_worker(["--prewarm"])
    except RunError:
        # It only saves time: the click on Start will report what is wrong.
        return False
    return True


def is_training_installed() -> bool:
    """Whether Keras is installed; after the first `make run` it may still be downloading."""
    return importlib.util.find_spec("keras") is not None


def measure_free_memory_bytes() -> int:
    """Memory that is still available to this computer and, on Linux, to this container."""
    free = int(psutil.virtual_memory().available)
    # Without a limit, the file says "max"; outside of a container there may be none.
    with contextlib.suppress(OSError, ValueError):
        limit = int((_CGROUP / "memory.max").read_text("ascii"))
        used = int((_CGROUP / "memory.current").read_text("ascii"))
        lines = (_CGROUP / "memory.stat").read_text("ascii").splitlines()
        # Pages of files are dropped when memory is short.
        droppable = int(dict(line.split() for line in lines)["inactive_file"])
        free = min(free, limit - used + droppable)
    return free


def _start_worker(arguments: list[str]) -> None:
    me = identify_process()
    # It outlives this process while runs are queued; without any, it should not.
    arguments = [*arguments, "--parent", str(me.pid), str(me.started_s)]
    try:
        with (get_queue_dir() / "worker.log").open("ab") as log:
            record_worker(start_module(_WORKER_MODULE, arguments, log))
    except OSError as error:
        raise RunError(
            f"The training process could not be started: {describe_error(error)}."
        ) from error
