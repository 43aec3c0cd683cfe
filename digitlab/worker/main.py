"""The worker process: `python -m digitlab.worker RUN_DIR`, or `--wait` for one to come.

It imports TensorFlow, so that nobody else has to, and answers through the run directory only.
"""

import errno
import importlib
import os
import shutil
import sys
import threading
import traceback
from pathlib import Path
from types import ModuleType
from typing import cast

from filelock import FileLock, Timeout

from digitlab.errors import DigitlabError
from digitlab.paths import get_queue_dir
from digitlab.processes import lower_priority
from digitlab.runs.checkpoints import find_checkpoint
from digitlab.runs.health import HeartbeatWriter
from digitlab.runs.queue import take_turn
from digitlab.runs.run import Run
from digitlab.worker.status_writer import StatusWriter

_PATIENCE_S = 900.0
_UNUSED = "matplotlib.pyplot"

_RESERVE_BYTES = 64 * 1024
_LITTLE_ROOM_BYTES = 200_000


def wait_for_run() -> Path | None:
    """Import Keras, then wait for a run directory on standard input.

    Returns:
        The run's directory; None if another worker waits on this computer already, if nobody
        asked for some minutes, or if the process that might ask has ended.
    """
    lock = FileLock(get_queue_dir() / "warm.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    with lock:
        line = _read_line()
    if not line:
        return None
    directory = Path(os.fsdecode(line))
    _write_to(directory / "worker.log")
    return directory


def _read_line() -> bytes:
    """The line with the directory; empty if none came in time."""
    received: list[bytes] = []
    # Without a buffer, whose lock a thread that still waits would hold when the process ends.
    pipe = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115
    reader = threading.Thread(target=lambda: received.append(pipe.readline()), daemon=True)
    # Reading begins before the import: a person may be quicker than Keras.
    reader.start()
    import_training()
    reader.join(_PATIENCE_S)
    return received[0].strip() if received else b""


def import_training() -> ModuleType:
    """`digitlab.worker.train`, and with it TensorFlow and Keras, which takes seconds."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Keras imports Matplotlib where it is installed, for plots that nobody makes here; it does
    # without, and a second is saved.
    is_blocked = _UNUSED not in sys.modules
    if is_blocked:
        sys.modules[_UNUSED] = cast("ModuleType", None)
    try:
        return importlib.import_module("digitlab.worker.train")
    finally:
        if is_blocked:
            del sys.modules[_UNUSED]


def _write_to(log: Path) -> None:
    """Let everything that is printed from now on go to the run's log."""
    with log.open("ab") as file:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


class DiskReserve:
    """A file that is given up when the disk is full, so that the reason can be written."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def take(self) -> None:
        """Take the room.

        Raises:
            OSError: there is not even this much.
        """
        # Not zeros: some file systems store those in no room at all.
        (self._run.directory / ".reserve").write_bytes(os.urandom(_RESERVE_BYTES))

    def release(self) -> None:
        """Give the room back, and that of drafts that were never finished."""
        for path in self._run.directory.glob(".*"):
            path.unlink(missing_ok=True)


def carry_out(directory: Path) -> int:
    """Carry out one run when its turn has come; the exit code is 0 if it has a model."""
    run = Run(directory)
    with HeartbeatWriter(run) as heartbeat:
        progress = StatusWriter(run, heartbeat)

        def report_position(position: int) -> None:
            heartbeat.progress("queue")
            if progress.status.position != position:
                progress.update(state="queued", position=position)

        with take_turn(run, progress.status.process, on_wait=report_position) as is_our_turn:
            if not is_our_turn:
                return _leave(progress)
            heartbeat.progress("data")
            progress.update(state="starting", position=0)
            return _train(progress)


def _leave(progress: StatusWriter) -> int:
    """End a run that was stopped before training began."""
    has_epochs = find_checkpoint(progress.run) > 0
    progress.update(state="stopped" if has_epochs else "cancelled", position=0)
    return 1


def _train(progress: StatusWriter) -> int:
    reserve = DiskReserve(progress.run)
    try:
        # Before the heavy import: bad settings are told at once.
        progress.run.read_config()
        reserve.take()
        # Imported late: by now the status says that the worker lives.
        fit = import_training()
        if progress.run.is_stop_requested():
            return _leave(progress)
        fit.train(progress)
    except DigitlabError as error:
        reserve.release()
        progress.update(state="failed", message=str(error), eta_s=-1.0)
        return 1
    except Exception as error:
        # The last line of defence: the log keeps the traceback, the person gets a sentence.
        message = _tell_failure(progress.run, error)
        reserve.release()
        progress.update(state="failed", message=message, eta_s=-1.0)
        traceback.print_exc()
        return 1
    finally:
        reserve.release()
    return 0


def _tell_failure(run: Run, error: Exception) -> str:
    if _is_disk_full(run, error):
        return (
            "Training broke off because the disk is full. What was saved before is kept: make "
            "room, then resume the run."
        )
    return (
        f"Training broke off ({type(error).__name__}: {error}). "
        f"The whole story is in {run.directory / 'worker.log'}."
    )


def _is_disk_full(run: Run, error: Exception) -> bool:
    """TensorFlow and HDF5 have exceptions of their own for it: the disk is asked too."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    is_told = os.strerror(errno.ENOSPC) in str(error)
    return is_told or shutil.disk_usage(run.directory).free < _LITTLE_ROOM_BYTES


def main(arguments: list[str]) -> int:
    """Carry out the run named on the command line, or wait for one."""
    lower_priority()
    if arguments != ["--wait"]:
        return carry_out(Path(arguments[0]))
    directory = wait_for_run()
    return carry_out(directory) if directory else 0
