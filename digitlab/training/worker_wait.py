"""How a worker that was started early waits for its run. No Keras until it waits."""

import importlib
import os
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import cast

from filelock import FileLock, Timeout

from digitlab.paths import get_queue_dir

_PATIENCE_S = 900.0
_UNUSED = "matplotlib.pyplot"


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
    if reader.is_alive():
        importlib.import_module("digitlab.training.rehearsal").rehearse()
    reader.join(_PATIENCE_S)
    return received[0].strip() if received else b""


def import_training() -> ModuleType:
    """`digitlab.training.fit`, and with it TensorFlow and Keras, which takes seconds."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Keras imports Matplotlib where it is installed, for plots that nobody makes here; it does
    # without, and a second is saved.
    is_blocked = _UNUSED not in sys.modules
    if is_blocked:
        sys.modules[_UNUSED] = cast("ModuleType", None)
    try:
        return importlib.import_module("digitlab.training.fit")
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
