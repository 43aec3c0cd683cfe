"""Start, stop, resume and delete runs, and follow them. No Keras here."""

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from digitlab.errors import RunError
from digitlab.runs import launcher
from digitlab.runs.checkpoints import find_checkpoint
from digitlab.runs.health import delete_heartbeat, inspect_run
from digitlab.runs.queue import build_place, change_line, find_position
from digitlab.runs.run import Run, list_runs
from digitlab.runs.status import RunStatus

__all__ = [
    "can_resume", "delete_run", "find_position", "follow_run", "inspect_run", "is_active",
    "list_active_runs", "resume_run", "start_run", "stop_run",
]  # fmt: skip
_POLL_S = 0.2
_STOP_GRACE_S = 3.0


def start_run(run: Run) -> None:
    """Start a run's worker process, which trains at once or when its turn has come.

    The process goes on if the caller ends. A second call for a run that is active is refused.

    Raises:
        RunError: the run is active, or the process could not be started.
    """
    with change_line() as places:
        # The line is held still: of two callers at the same moment, the second finds the first.
        if is_active(run):
            raise RunError(f"The run {run.id} is being trained already.")
        delete_heartbeat(run)
        run.clear_stop_request()
        process = launcher.launch(run)
        places.append(build_place(run, process))
        run.write_status(
            replace(
                RunStatus(),
                state="queued" if len(places) > 1 else "starting",
                position=len(places) - 1,
                epoch=find_checkpoint(run),
                epochs=run.read_meta().epochs,
                pid=process.pid,
                process_started_s=process.started_s,
            )
        )


def can_resume(run: Run) -> bool:
    """Whether `resume_run` has something to go on from, or nothing to lose."""
    return not is_active(run) and (find_checkpoint(run) > 0 or not run.has_model)


def resume_run(run: Run, *, epochs: int | None = None) -> None:
    """Go on with a run that has ended: weights, optimizer and history continue.

    Args:
        epochs: how many more; by default what is lacking of those planned.
    Raises:
        RunError: the run is active, nothing is lacking, or the process could not be started.
        ConfigError: the run would have too many epochs.
    """
    if is_active(run):
        raise RunError(f"The run {run.id} is being trained already.")
    if not can_resume(run):
        raise RunError(
            f"The run {run.id} has a model but no saved state to go on from. "
            "Start a new run with the same settings."
        )
    config, done = run.read_config(), find_checkpoint(run)
    planned = run.read_meta().epochs or config.epochs
    total = planned if epochs is None else done + epochs
    if total <= done:
        raise RunError(
            f"The run {run.id} has all its {done} epochs. Say how many more it is to have."
        )
    # The same range as for a new run.
    replace(config, epochs=total)
    run.write_meta(replace(run.read_meta(), epochs=total))
    start_run(run)


def stop_run(run: Run, *, force: bool = False) -> None:
    """Stop after the batch and keep the best epoch; in the queue, leave it.

    Returns at once; `inspect_run` tells when the run has ended. A worker that is stuck is ended
    from outside after a few seconds.

    Args:
        force: end the process now. What was saved is kept, no model is made of it.
    """
    if not is_active(run):
        return
    run.request_stop()
    grace_s = 0.0 if force else _STOP_GRACE_S
    threading.Thread(
        target=_kill_after_grace_period, args=(run, grace_s, force), daemon=True
    ).start()


def _kill_after_grace_period(run: Run, grace_s: float, force: bool) -> None:
    """Watch a run that was asked to stop, and end its process if it does not listen."""
    begin = time.monotonic()
    while not (status := inspect_run(run)).is_final:
        is_late = time.monotonic() - begin >= grace_s
        if is_late and (force or status.is_hanging):
            status.process.end()
        time.sleep(_POLL_S)


def is_active(run: Run) -> bool:
    """Whether a run waits in the queue, trains or is being finished."""
    status = inspect_run(run)
    return not status.is_final and status.state != "waiting"


def list_active_runs() -> list[Run]:
    """The runs that train or wait, in no particular order."""
    return [run for run in list_runs() if is_active(run)]


def delete_run(run: Run) -> None:
    """Remove a run and all its files.

    Raises:
        RunError: it is active, or its files cannot be removed.
    """
    if is_active(run):
        raise RunError(f"The run {run.id} is still being trained. Stop it first.")
    # Out of the list at once, even if removing the files takes a while or fails.
    grave = run.directory.with_name(f".deleted-{time.time_ns()}")
    try:
        run.directory.rename(grave)
        shutil.rmtree(grave)
    except OSError as error:
        raise RunError(f"The run {run.id} cannot be deleted: {error}.") from error


def follow_run(run: Run) -> Iterator[RunStatus]:
    """Yield the run's status each time it changes, until the run has ended."""
    last = None
    while True:
        status = inspect_run(run)
        if status != last:
            last = status
            yield status
        if status.is_final:
            return
        time.sleep(_POLL_S)
