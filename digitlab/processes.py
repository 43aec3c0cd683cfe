"""Start, identify and terminate processes."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

from digitlab.paths import PROJECT_DIR

STDOUT, STDERR = 1, 2
# The system clock may be set while a process runs; start times follow the clock.
_TOLERANCE_S = 5.0
_LOWEST_PRIORITY = 19
# Releasing what a killed process held takes the system a while.
_KILL_TIMEOUT_S = 10.0
_stream_lock = threading.RLock()


@dataclass(frozen=True)
class ProcessIdentity:
    """One process. Process ids are reused; an id together with a start time is not.

    Attributes:
        pid: the process id, 0 for none.
        started_s: when it started, in seconds since 1970.
    """

    pid: int = 0
    started_s: float = 0.0

    def is_alive(self) -> bool:
        """Whether this very process still runs; a zombie does not."""
        return self._find() is not None

    def terminate(self, *, timeout_s: float = 3.0) -> None:
        """Ask the process to end, kill it after a timeout, return when it is gone."""
        process = self._find()
        if process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
            try:
                process.wait(timeout_s)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(_KILL_TIMEOUT_S)

    def _find(self) -> psutil.Process | None:
        if not self.pid:
            return None
        try:
            process = psutil.Process(self.pid)
            is_same = abs(process.create_time() - self.started_s) < _TOLERANCE_S
            return process if is_same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.NoSuchProcess:
            return None


def identify_process(pid: int | None = None) -> ProcessIdentity:
    """Identify a running process, by default this one."""
    process = psutil.Process(pid or os.getpid())
    return ProcessIdentity(process.pid, process.create_time())


def start_module(module: str, arguments: list[str], log: BinaryIO) -> ProcessIdentity:
    """Start a Python module in a process that outlives this one.

    Args:
        log: receives its standard output and standard error.
    Raises:
        OSError: it could not be started.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=PROJECT_DIR,
        start_new_session=True,
    )
    try:
        identity = identify_process(process.pid)
    except psutil.NoSuchProcess as error:
        raise ChildProcessError(f"{module} ended at once") from error
    # Reaped as soon as it ends: an unreaped child would still have its process id.
    threading.Thread(target=process.wait, daemon=True).start()
    return identity


def lower_priority() -> None:
    """Let this process use only the processor time that the app leaves."""
    if hasattr(os, "nice"):
        os.nice(_LOWEST_PRIORITY)
    # Linux first divides the processor among sessions, and a worker has a session of its own:
    # without this line its niceness would have no effect on the app.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_LOWEST_PRIORITY), "ascii")


@contextlib.contextmanager
def silence(descriptor: int) -> Iterator[None]:
    """Discard what C libraries print to a file descriptor, past Python's streams.

    It affects the whole process: keep the block short.

    Args:
        descriptor: `STDOUT` or `STDERR`.
    """
    stream = sys.stdout if descriptor == STDOUT else sys.stderr
    if stream is None:
        # The process was started without this stream.
        yield
        return
    # Overlapping blocks would each restore what the other had redirected.
    with _stream_lock:
        stream.flush()
        original = os.dup(descriptor)
        try:
            with Path(os.devnull).open("wb") as null:
                os.dup2(null.fileno(), descriptor)
            yield
        finally:
            os.dup2(original, descriptor)
            os.close(original)
