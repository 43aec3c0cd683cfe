"""Start a worker for a run and follow it. No Keras here."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from digitlab.errors import RunError
from digitlab.paths import PROJECT_DIR
from digitlab.runs import FINAL_STATES, Run, RunStatus

_POLL_S = 0.2


def start_worker(run: Run) -> "subprocess.Popen[bytes]":
    """Start the worker process of a run.

    Returns:
        The process; it goes on if the caller ends.
    Raises:
        RunError: the process could not be started.
    """
    try:
        with (run.directory / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "digitlab.training.worker", str(run.directory.resolve())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=PROJECT_DIR,
                start_new_session=True,
            )
    except OSError as error:
        raise RunError(f"The training process could not be started: {error}.") from error


def follow_worker(run: Run, process: "subprocess.Popen[bytes]") -> Iterator[RunStatus]:
    """Yield the run's status each time it changes, until the run has ended.

    A worker that dies without a word yields a last status "failed" that says so.
    """
    last = None
    while True:
        has_exited = process.poll() is not None
        status = run.read_status()
        if has_exited and status.state not in FINAL_STATES:
            message = (
                f"The training process ended unexpectedly (exit code {process.returncode}). "
                f"Its last words are in {run.directory / 'worker.log'}."
            )
            status = replace(status, state="failed", message=message)
            run.write_status(status)
        if status != last:
            last = status
            yield status
        if has_exited:
            return
        time.sleep(_POLL_S)
