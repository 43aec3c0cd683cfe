"""Other processes of ours, known beyond doubt: by number and start time."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

from digitlab.paths import PROJECT_DIR

# The clock may be set while a process runs, and the start time is told by the clock.
_TOLERANCE_S = 5.0
_LOWEST = 19
_POLL_S = 0.02
# The system takes its time to clear away what a killed process held.
_KILLED_WAIT_S = 10.0

STDOUT, STDERR = 1, 2
_lock = threading.RLock()


@dataclass(frozen=True)
class ProcessIdentity:
    """One process; numbers are used again, a number and a start time are not.

    Attributes:
        pid: its number, 0 for none.
        started_s: when it started, in seconds since 1970.
    """

    pid: int = 0
    started_s: float = 0.0

    def is_alive(self) -> bool:
        """Whether this very process still runs; one that only waits to be reaped does not."""
        return self._find() is not None

    def end(self, *, wait_s: float = 3.0) -> None:
        """Ask the process to end, and after a while no longer ask; returns when it has gone.

        Args:
            wait_s: how long it may take when it is asked.
        """
        process = self._find()
        if process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
            if not self._wait_until_gone(wait_s):
                process.kill()
                self._wait_until_gone(_KILLED_WAIT_S)

    def _wait_until_gone(self, limit_s: float) -> bool:
        deadline_s = time.monotonic() + limit_s
        while self.is_alive():
            if time.monotonic() > deadline_s:
                return False
            time.sleep(_POLL_S)
        return True

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
    """Mark a running process, by default this one."""
    process = psutil.Process(pid or os.getpid())
    return ProcessIdentity(process.pid, process.create_time())


def start_worker(
    module: str, arguments: list[str], log: BinaryIO, *, stdin: int = subprocess.DEVNULL
) -> "subprocess.Popen[bytes]":
    """Start a Python module in a process that outlives this one.

    Raises:
        OSError: it could not be started.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=stdin,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=PROJECT_DIR,
        start_new_session=True,
    )
    # Reaped as soon as it ends: a dead child that nobody asks for would still have its number.
    threading.Thread(target=process.wait, daemon=True).start()
    return process


def lower_priority() -> None:
    """Let this process work only where the app leaves time, which stays quick that way."""
    if hasattr(os, "nice"):
        os.nice(_LOWEST)
    # Linux shares the processor out among sessions first, and a worker has one of its own: within
    # it, niceness alone would change nothing.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_LOWEST), "ascii")


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
