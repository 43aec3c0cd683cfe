"""Worker processes: started for a run, or before, so that a click finds Keras imported.

No Keras here: the process that calls this stays light.
"""

import contextlib
import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from digitlab.errors import RunError
from digitlab.paths import get_queue_dir
from digitlab.processes import ProcessIdentity, identify_process, start_worker
from digitlab.runs.queue import read_line
from digitlab.runs.run import Run

_WORKER = "digitlab.worker"
_LEAST_MEMORY_BYTES = 1_500_000_000
# A worker has these from the moment it is started.
_SETTINGS = ("DIGITLAB_", "KERAS_", "MLFLOW_", "TF_")


@dataclass(frozen=True)
class _WarmWorker:
    """A worker that has imported Keras, or is about to, and waits for a run."""

    process: "subprocess.Popen[bytes]"
    mark: ProcessIdentity
    settings: dict[str, str]


# One that has just ended found another waiting, of another app on this computer.
_RETRY_S = 60.0
_guard = threading.Lock()
_next_try_s = [0.0]
_waiting: list[_WarmWorker] = []


def prewarm_worker() -> bool:
    """Start a worker that imports Keras and waits for a run, if that does no harm.

    Call it when a person has been on the Train page for a moment; calling it again is cheap. The
    worker has low priority, ends by itself after some minutes without a run, and at once when
    this process ends. There is at most one on a computer.

    Returns:
        Whether one is there, ready or getting ready, for the next `start_run` of this process.
    """
    with _guard:
        if _find_waiting():
            return True
        if time.monotonic() < _next_try_s[0]:
            return False
        if read_line() or measure_free_memory_bytes() < _LEAST_MEMORY_BYTES:
            # Someone trains: the processor is better used for that.
            return False
        _next_try_s[0] = time.monotonic() + _RETRY_S
        try:
            get_queue_dir().mkdir(parents=True, exist_ok=True)
            with (get_queue_dir() / "warm.log").open("wb") as log:
                process = start_worker(_WORKER, ["--wait"], log, stdin=subprocess.PIPE)
            mark = identify_process(process.pid)
            _waiting[:] = [_WarmWorker(process, mark, _read_settings())]
        except (OSError, psutil.Error):
            # It is a convenience: the click that follows will tell what is wrong.
            return False
    return True


def launch(run: Run) -> ProcessIdentity:
    """Give a run to the worker that waits for one, or else to a new one.

    Raises:
        RunError: no process could be started.
    """
    with _guard:
        warm = _find_waiting()
        _waiting.clear()
        _next_try_s[0] = 0.0
    if warm and _hand_over(run, warm):
        return warm.mark
    try:
        with (run.directory / "worker.log").open("ab") as log:
            process = start_worker(_WORKER, [str(run.directory.resolve())], log)
        return identify_process(process.pid)
    except (OSError, psutil.Error) as error:
        raise RunError(f"The training process could not be started: {error}.") from error


def measure_free_memory_bytes() -> int:
    """Memory that may still be taken, by the computer and, on Linux, by this container."""
    free = int(psutil.virtual_memory().available)
    groups = Path("/sys/fs/cgroup")
    try:
        limit = (groups / "memory.max").read_text("ascii").strip()
        used = int((groups / "memory.current").read_text("ascii"))
    except (OSError, ValueError):
        return free
    return free if limit == "max" else min(free, int(limit) - used)


def _read_settings() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key.startswith(_SETTINGS)}


def _find_waiting() -> _WarmWorker | None:
    for one in _waiting:
        if one.process.poll() is None and one.settings == _read_settings():
            return one
        # Nobody can name a run to it any more: it ends.
        _close(one)
    _waiting.clear()
    return None


def _close(warm: _WarmWorker) -> None:
    if warm.process.stdin:
        with contextlib.suppress(OSError):
            warm.process.stdin.close()


def _hand_over(run: Run, warm: _WarmWorker) -> bool:
    """Name the run to a waiting worker; false if it has just gone."""
    pipe = warm.process.stdin
    if pipe is None:
        return False
    try:
        pipe.write(os.fsencode(run.directory.resolve()) + b"\n")
        pipe.flush()
    except OSError:
        return False
    finally:
        _close(warm)
    return warm.mark.is_alive()
