"""The worker process: takes runs from the queue and trains them, one after the other.

```
python -m digitlab.worker              train what is queued, then wait for more while useful
python -m digitlab.worker --prewarm    the same, importing TensorFlow before a run is queued
python -m digitlab.worker RUN_DIR      train this run now, without the queue
```

It imports TensorFlow, so that no other process has to; it communicates only through the run
directory.
"""

import argparse
import contextlib
import errno
import importlib
import os
import shutil
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from digitlab.errors import DigitlabError, RunError, describe_error
from digitlab.processes import ProcessIdentity, identify_process, lower_priority
from digitlab.runs.checkpoints import find_checkpoint
from digitlab.runs.health import HeartbeatWriter
from digitlab.runs.launcher import MIN_FREE_BYTES, measure_free_memory_bytes
from digitlab.runs.queue import hold_worker_lock, lock_queue, retire_worker, take_first_entry
from digitlab.runs.run import Run
from digitlab.worker.status_writer import StatusWriter

# Names the module whose `train(status_writer)` carries out a run; tests put a stub here.
_TRAINER_VARIABLE, _TRAINER = "DIGITLAB_TRAINER", "digitlab.worker.train"
_IDLE_LIMIT_S = 900.0
_POLL_S = 0.05
_FULL_DISK_BYTES = 200_000


def main(arguments: Sequence[str]) -> int:
    """Serve the queue, or carry out the run that is named; the exit code is 0 on success."""
    parser = argparse.ArgumentParser(prog="digitlab.worker", description=__doc__.splitlines()[0])
    parser.add_argument("run_dir", nargs="?", type=Path)
    parser.add_argument("--prewarm", action="store_true")
    parser.add_argument("--parent", nargs=2, type=float, default=(0, 0.0), metavar=("PID", "START"))
    options = parser.parse_args(arguments)
    lower_priority()
    if options.run_dir is not None:
        return 0 if carry_out(Run(options.run_dir)) else 1
    pid, started_s = options.parent
    serve_queue(ProcessIdentity(int(pid), started_s), prewarm=options.prewarm)
    return 0


def serve_queue(parent: ProcessIdentity, *, prewarm: bool) -> None:
    """Train queued runs in order; return at once if another process does so already.

    TensorFlow stays loaded between runs. With an empty queue the process ends when `parent` has
    ended, when it has been idle for long, or when memory is short.

    Args:
        parent: the process that started this one.
        prewarm: import TensorFlow before there is a run.
    """
    with hold_worker_lock() as lock:
        if lock is None:
            return
        if prewarm:
            threading.Thread(target=import_trainer, daemon=True).start()
        idle_since_s, has_memory = time.monotonic(), True
        while True:
            run = _take_next()
            if run is not None:
                with _redirect_output(run.log_path):
                    carry_out(run)
                idle_since_s = time.monotonic()
                has_memory = measure_free_memory_bytes() > MIN_FREE_BYTES
                continue
            is_recent = time.monotonic() - idle_since_s < _IDLE_LIMIT_S
            is_useful = has_memory and is_recent and parent.is_alive()
            if not is_useful and retire_worker(lock):
                return
            time.sleep(_POLL_S)


def carry_out(run: Run) -> bool:
    """Train one run; returns whether it ended with a model."""
    with HeartbeatWriter(run) as heartbeat:
        status_writer = StatusWriter(run, heartbeat)
        try:
            status_writer.update(state="starting", message="")
            # Before the heavy import: invalid settings are reported at once.
            run.read_config()
            trainer = import_trainer()
            if run.is_stop_requested():
                has_epochs = find_checkpoint(run) > 0
                status_writer.update(state="stopped" if has_epochs else "cancelled")
                return False
            trainer.train(status_writer)
        except DigitlabError as error:
            _end_as_failed(status_writer, str(error))
            return False
        except Exception as error:
            # The last resort: log the traceback, show the user one sentence.
            traceback.print_exc()
            _end_as_failed(status_writer, _describe_failure(run, error))
            return False
    return True


def import_trainer() -> ModuleType:
    """Import the module that trains, and with it TensorFlow and Keras, which takes seconds."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return importlib.import_module(os.environ.get(_TRAINER_VARIABLE, _TRAINER))


def _take_next() -> Run | None:
    """Take the first run from the queue; its status names this process from then on."""
    with lock_queue():
        run = take_first_entry()
        if run is not None:
            identity = identify_process()
            # With a full disk or a damaged status, the run fails with the reason, later.
            with contextlib.suppress(OSError, RunError):
                run.update_status(
                    state="starting", pid=identity.pid, process_started_s=identity.started_s
                )
        return run


def _end_as_failed(status_writer: StatusWriter, message: str) -> None:
    # Unfinished drafts are of no use, and on a full disk this makes room for the status.
    for path in status_writer.run.directory.glob(".*"):
        path.unlink(missing_ok=True)
    status_writer.update(state="failed", message=message, eta_s=-1.0)


def _describe_failure(run: Run, error: Exception) -> str:
    if _is_disk_full(run, error):
        return (
            "Training failed because the disk is full. What was saved before is kept: free some "
            "space, then resume the run."
        )
    reason = f"{type(error).__name__}: {describe_error(error)}"
    return f"Training failed ({reason}). Traceback: see worker.log."


def _is_disk_full(run: Run, error: Exception) -> bool:
    """TensorFlow and HDF5 raise other exceptions, so free disk space is checked as well."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    is_reported = os.strerror(errno.ENOSPC) in str(error)
    return is_reported or shutil.disk_usage(run.directory).free < _FULL_DISK_BYTES


@contextlib.contextmanager
def _redirect_output(log: Path) -> Iterator[None]:
    """Append everything that is printed in the block to the run's log."""
    sys.stdout.flush()
    sys.stderr.flush()
    originals = [os.dup(1), os.dup(2)]
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, original in zip((1, 2), originals, strict=True):
            os.dup2(original, descriptor)
            os.close(original)
