"""Whether a run's worker is alive and well, found out by whoever looks. No Keras here."""

import contextlib
import json
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from digitlab.files import write_json
from digitlab.runs.checkpoints import find_checkpoint
from digitlab.runs.run import Run
from digitlab.runs.status import RunStatus

_BEAT_EVERY_S = 1.0
# A process that has not written for so long, though it does so each second, is stuck.
_SILENCE_S = 8.0
# Half a core, a swapping machine: what takes a while may once take ten times as long.
_MARGIN = 10.0
_LEAST_PATIENCE_S = 8.0
# Importing, reading data, compiling: how long is not known beforehand.
_FIRST_PATIENCE_S = 300.0
# A worker that has given a sign of life so lately lives, whatever the process table says: the
# clock may have been set, or it runs in another container.
_FRESH_S = 2.5


@dataclass(frozen=True)
class Heartbeat:
    """What the worker said of itself last; all times in seconds since 1970.

    Attributes:
        beat_s: when it said so.
        progress_s: when it last completed something, a batch for example.
        patience_s: how long the next thing may take before something must be wrong.
    """

    beat_s: float
    progress_s: float
    patience_s: float

    def measure_silence_s(self) -> float:
        """How long the worker has shown no sign of life, in seconds."""
        return time.time() - self.beat_s

    def find_hang_s(self) -> float | None:
        """How long it has been stuck, in seconds; None if it is well."""
        if self.measure_silence_s() > _SILENCE_S:
            return self.measure_silence_s()
        idle_s = time.time() - self.progress_s
        return idle_s if idle_s > self.patience_s else None


def read_heartbeat(run: Run) -> Heartbeat | None:
    """A run's last sign of life; None if its worker has given none."""
    try:
        return Heartbeat(**json.loads(_find_path(run).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def delete_heartbeat(run: Run) -> None:
    """Remove the signs of an earlier worker."""
    _find_path(run).unlink(missing_ok=True)


def _find_path(run: Run) -> Path:
    return run.directory / "heartbeat.json"


class HeartbeatWriter:
    """Beats in a thread of its own, so that a long batch does not look like a dead process."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._progress_s = time.time()
        self._longest_s: dict[str, float] = {}
        self._doing = "import"
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "HeartbeatWriter":
        # The first sign is there before anything else happens.
        self._write()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._has_ended.set()
        self._thread.join()

    def progress(self, next_thing: str) -> None:
        """Tell that something is complete, and what comes next.

        Args:
            next_thing: things of one name are expected to take about equally long.
        """
        now = time.time()
        took_s = now - self._progress_s
        # The longest is forgotten slowly: the machine may have been busy once.
        longest_s = self._longest_s.get(self._doing, 0.0)
        self._longest_s[self._doing] = max(took_s, 0.999 * longest_s)
        self._progress_s, self._doing = now, next_thing

    def _beat(self) -> None:
        while not self._has_ended.wait(_BEAT_EVERY_S):
            self._write()

    def _write(self) -> None:
        longest_s = self._longest_s.get(self._doing)
        patience_s = (
            _FIRST_PATIENCE_S if longest_s is None else max(_LEAST_PATIENCE_S, _MARGIN * longest_s)
        )
        beat = Heartbeat(time.time(), self._progress_s, patience_s)
        # The disk is full, or the run was deleted: the next write that matters says so.
        with contextlib.suppress(OSError):
            write_json(_find_path(self._run), asdict(beat))


def inspect_run(run: Run) -> RunStatus:
    """Where a run stands, after a look at its worker; quick enough for twice a second.

    A worker that has gone without a word leaves the run "interrupted", with a message that says
    what was kept. One that lives but does nothing is told by `is_hanging` and `message`.

    Raises:
        RunError: the status file is damaged.
    """
    status = run.read_status()
    if status.is_final or status.state == "waiting":
        return status
    beat = read_heartbeat(run)
    if status.process.is_alive() or (beat and beat.measure_silence_s() < _FRESH_S):
        hang_s = beat.find_hang_s() if beat else None
        if hang_s is None:
            return status
        message = (
            f"The training process has not moved for {hang_s:.0f} seconds. It may go on by itself; "
            "if not, stop the run: what was saved is kept."
        )
        return replace(status, is_hanging=True, message=message)
    # It may have written its last word between the two looks.
    status = run.read_status()
    return status if status.is_final else _mark_interrupted(run, status)


def _mark_interrupted(run: Run, status: RunStatus) -> RunStatus:
    """Write down for everybody that the worker has gone."""
    status = replace(
        status,
        state="interrupted",
        position=0,
        eta_s=-1.0,
        message=f"{_tell_end(run, status)} {_tell_rest(run)}",
    )
    try:
        run.write_status(status)
    except OSError:
        # A full disk may be what ended it; the next reader will find out again.
        return status
    return status


def _tell_end(run: Run, status: RunStatus) -> str:
    if run.is_stop_requested():
        return "The training process was ended before it had made a model."
    if status.state == "queued":
        return "The process that waited for its turn has ended unexpectedly."
    return (
        "The training process ended unexpectedly: it was ended from outside, or there was not "
        f"enough memory. Its last words, if any, are in {run.directory / 'worker.log'}."
    )


def _tell_rest(run: Run) -> str:
    epochs = find_checkpoint(run)
    if not epochs:
        return "No epoch was complete: resume it to start over."
    what = "The first epoch was" if epochs == 1 else f"{epochs} epochs were"
    return f"{what} saved: resume it to go on from there."
