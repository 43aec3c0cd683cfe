"""Whether the worker of a run is alive and makes progress. Must not import Keras."""

import contextlib
import shutil
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from digitlab.files import load_json, write_json
from digitlab.runs import launcher
from digitlab.runs.checkpoints import find_checkpoint
from digitlab.runs.queue import find_position, lock_queue
from digitlab.runs.run import Run
from digitlab.runs.status import RunStatus

_WRITE_EVERY_S = 1.0
# A process that has not written for this long, though it writes every second, is stuck.
_SILENCE_LIMIT_S = 8.0
# On a slow or swapping machine a step can take ten times as long as usual.
_MARGIN = 10.0
_MIN_PATIENCE_S = 8.0
# Imports, reading data, compiling: how long they take is not known beforehand.
_FIRST_PATIENCE_S = 300.0
# A worker with so recent a heartbeat counts as alive, whatever the process table says: the clock
# may have been set, or the worker runs in another container.
_FRESH_S = 2.5
_FULL_DISK_BYTES = 200_000


@dataclass(frozen=True)
class Heartbeat:
    """The worker's last sign of life; times in seconds since 1970.

    Attributes:
        beat_s: when it was written.
        progress_s: when the worker last completed a step, a batch for example.
        patience_s: how long the next step may take before the worker counts as hanging.
    """

    beat_s: float
    progress_s: float
    patience_s: float

    def measure_silence_s(self) -> float:
        """Seconds since the last sign of life."""
        return time.time() - self.beat_s

    def measure_hang_s(self) -> float | None:
        """Seconds for which the worker has been stuck; None if it is not."""
        if self.measure_silence_s() > _SILENCE_LIMIT_S:
            return self.measure_silence_s()
        idle_s = time.time() - self.progress_s
        return idle_s if idle_s > self.patience_s else None


def read_heartbeat(run: Run) -> Heartbeat | None:
    """A run's last heartbeat; None if its worker has written none."""
    try:
        return load_json(_get_path(run), Heartbeat)
    except (OSError, ValueError):
        return None


def delete_heartbeat(run: Run) -> None:
    """Remove the heartbeat of an earlier worker."""
    _get_path(run).unlink(missing_ok=True)


class HeartbeatWriter:
    """Writes heartbeats from a thread, so that a long batch does not look like a dead process."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._progress_s = time.time()
        self._longest_s: dict[str, float] = {}
        self._step = "import"
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._write_repeatedly, daemon=True)

    def __enter__(self) -> "HeartbeatWriter":
        # The first heartbeat is written before anything else happens.
        self._write()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._has_ended.set()
        self._thread.join()

    def progress(self, next_step: str) -> None:
        """Report that a step is complete, and which comes next.

        Args:
            next_step: steps of one name are expected to take about equally long.
        """
        now = time.time()
        took_s = now - self._progress_s
        # The longest time fades slowly: the machine may have been busy once.
        longest_s = self._longest_s.get(self._step, 0.0)
        self._longest_s[self._step] = max(took_s, 0.999 * longest_s)
        self._progress_s, self._step = now, next_step

    def _write_repeatedly(self) -> None:
        while not self._has_ended.wait(_WRITE_EVERY_S):
            self._write()

    def _write(self) -> None:
        longest_s = self._longest_s.get(self._step)
        patience_s = (
            _FIRST_PATIENCE_S if longest_s is None else max(_MIN_PATIENCE_S, _MARGIN * longest_s)
        )
        heartbeat = Heartbeat(time.time(), self._progress_s, patience_s)
        # The disk is full, or the run was deleted: the next write that matters reports it.
        with contextlib.suppress(OSError):
            write_json(_get_path(self._run), asdict(heartbeat))


def inspect_run(run: Run) -> RunStatus:
    """The status of a run after a look at its worker; fast enough for twice a second.

    A worker that died leaves the run "interrupted", with a message that says what was saved. One
    that makes no progress is reported by `is_hanging` and `message`. If the first queued run finds
    no worker, one is started.

    Raises:
        RunError: the status file is damaged.
    """
    status = run.read_status()
    if status.is_final or status.state == "waiting":
        return status
    if status.state == "queued":
        position = find_position(run)
        if position:
            if position == 1:
                launcher.ensure_worker()
            return replace(status, position=position)
        with lock_queue():
            # It was being added, or a worker was about to take it, or a stop request to remove it.
            status, position = run.read_status(), find_position(run)
        if status.is_final or position:
            return replace(status, position=position)
    heartbeat = read_heartbeat(run)
    if status.process.is_alive() or (heartbeat and heartbeat.measure_silence_s() < _FRESH_S):
        hang_s = heartbeat.measure_hang_s() if heartbeat else None
        if hang_s is None:
            return status
        message = (
            f"The training process has made no progress for {hang_s:.0f} seconds. It may recover; "
            "if not, stop the run: what was saved is kept."
        )
        return replace(status, is_hanging=True, message=message)
    # It may have written its final status between the two checks.
    status = run.read_status()
    return status if status.is_final else _mark_interrupted(run, status)


def _mark_interrupted(run: Run, status: RunStatus) -> RunStatus:
    """Record that the worker died, for every reader."""
    message = f"{_describe_end(run, status)} {_describe_saved(run)}"
    status = replace(status, state="interrupted", eta_s=-1.0, message=message)
    # A full disk may be what ended it; the next reader will find out again.
    with contextlib.suppress(OSError):
        run.write_status(status)
    return status


def _describe_end(run: Run, status: RunStatus) -> str:
    if run.is_stop_requested():
        return "The training process was killed."
    if status.state == "queued":
        return "The run was lost from the queue."
    if shutil.disk_usage(run.directory).free < _FULL_DISK_BYTES:
        return "The training process ended because the disk is full."
    return (
        "The training process ended unexpectedly: it was killed, or memory ran out. "
        "Its output is in worker.log."
    )


def _describe_saved(run: Run) -> str:
    epochs = find_checkpoint(run)
    if not epochs:
        return "No epoch was complete: resume the run to start over."
    what = "The first epoch was" if epochs == 1 else f"{epochs} epochs were"
    return f"{what} saved: resume the run to continue from there."


def _get_path(run: Run) -> Path:
    return run.directory / "heartbeat.json"


def describe_run(run: Run, status: RunStatus) -> dict[str, Any]:
    """Everything about a run's progress as plain values, for `runs --json` and the JSON API.

    Args:
        status: from `inspect_run`.
    Raises:
        RunError: a file of the run is damaged.
    """
    values = {"id": run.id, "label": run.read_meta().label, **asdict(status)}
    return values | {"history": run.read_history()}
