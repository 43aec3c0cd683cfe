"""Start, stop, resume, rename and delete runs, and follow them. Must not import Keras.

Whoever acts on a run must be its owner; this is the place where that is checked.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from digitlab.datasets.registry import check_is_not_deleted, get_dataset_spec
from digitlab.errors import DigitlabError, RunError, describe_error
from digitlab.files import remove_directory
from digitlab.hosting_limits import get_limits
from digitlab.log import log_event
from digitlab.owners import LOCAL_OWNER, check_owner
from digitlab.paths import get_runs_dir
from digitlab.quantities import format_count
from digitlab.runs import launcher
from digitlab.runs.checkpoints import find_checkpoint
from digitlab.runs.health import delete_heartbeat, inspect_run
from digitlab.runs.limits import check_start
from digitlab.runs.queue import (
    add_entry,
    count_entries,
    get_current_run,
    list_queued_runs,
    lock_queue,
    remove_entry,
)
from digitlab.runs.run import Run, check_label, create_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig

_POLL_S = 0.2
_STOP_GRACE_S = 3.0


def start_new_run(config: TrainConfig, *, owner: str = LOCAL_OWNER, **details: Any) -> Run:
    """Create and start a run; nothing is left of one that cannot be started.

    Args:
        config: its settings.
        owner: whose it is.
        details: as for `create_run`.
    Raises:
        RunError, DatasetUnavailableError, LimitError: as `create_run` and `start_run`.
    """
    run = create_run(config, owner=owner, **details)
    try:
        start_run(run, owner=owner)
    except DigitlabError:
        with contextlib.suppress(RunError):
            delete_run(run, owner=owner)
        raise
    return run


def start_run(run: Run, *, owner: str = LOCAL_OWNER) -> None:
    """Queue a run, and start the worker process if there is none.

    The worker continues when the caller ends. A second call for an active run is rejected.

    Args:
        owner: the acting owner.
    Raises:
        RunError: the run is active, or the process could not be started.
        OwnerError: the run belongs to another user.
        LimitError: it is larger than a visitor's run may be, or there are too many.
    """
    _check_owner(run, owner)
    with lock_queue():
        # Under the lock: of two callers at the same moment, the second sees the first.
        if is_active(run):
            raise RunError(f"The run {run.id} is already active.")
        limits = get_limits(run.owner)
        if limits is not None:
            check_start(run, limits)
        before = run.read_status()
        try:
            delete_heartbeat(run)
            run.clear_stop_request()
            run.write_status(
                RunStatus(
                    state="queued",
                    epoch=find_checkpoint(run),
                    epochs=run.read_meta().epochs,
                )
            )
            add_entry(run)
        except OSError as error:
            _undo_start(run, before)
            raise RunError(
                f"The run {run.id} cannot be queued: {describe_error(error)}."
            ) from error
    log_event("training_queued", net=run.read_config().net, waiting=count_entries())
    try:
        launcher.ensure_worker()
    except RunError:
        with lock_queue():
            # If it is gone from the queue, a worker has taken it meanwhile.
            if remove_entry(run):
                _undo_start(run, before)
                raise


def can_resume(run: Run) -> bool:
    """Whether `resume_run` has a checkpoint to continue from, or has not produced a model yet."""
    return not is_active(run) and (find_checkpoint(run) > 0 or not run.has_model)


def resume_run(run: Run, *, epochs: int | None = None, owner: str = LOCAL_OWNER) -> None:
    """Continue a run that has ended: weights, optimizer and history are kept.

    Args:
        epochs: how many more; by default those that are missing from the plan.
        owner: the acting owner.
    Raises:
        RunError: the run is active, no epoch is missing, or the process could not be started.
        ConfigError: the run would have too many epochs.
        DatasetUnavailableError: its data set was deleted.
        OwnerError: the run belongs to another user.
    """
    _check_owner(run, owner)
    if is_active(run):
        raise RunError(f"The run {run.id} is already active.")
    if not can_resume(run):
        raise RunError(
            f"The run {run.id} has a model but no checkpoint to continue from. "
            "Start a new run with the same settings."
        )
    config, meta, done = run.read_config(), run.read_meta(), find_checkpoint(run)
    check_is_not_deleted(get_dataset_spec(config.dataset))
    planned = meta.epochs or config.epochs
    total = planned if epochs is None else done + epochs
    if total <= done:
        raise RunError(
            f"The run {run.id} has all its {format_count(done, 'epoch')}. "
            "Say how many more to train."
        )
    # Checks the range, as for a new run.
    replace(config, epochs=total)
    run.write_meta(replace(meta, epochs=total))
    start_run(run, owner=owner)


def can_test(run: Run) -> bool:
    """Whether `test_run` has something to do: a trial has ended with an epoch, but no model."""
    return not run.read_meta().is_tested and find_checkpoint(run) > 0 and not is_active(run)


def test_run(run: Run, *, owner: str = LOCAL_OWNER) -> None:
    """Export a trial's best epoch and evaluate it on the test set, as at the end of any other run.

    Raises:
        RunError: it is active, has no complete epoch, or the process could not be started.
        OwnerError: the run belongs to another user.
    """
    _check_owner(run, owner)
    if not can_test(run):
        raise RunError(f"The run {run.id} is active, has a model, or has no complete epoch.")
    # So many epochs as it has: none is trained any more.
    run.write_meta(replace(run.read_meta(), is_tested=True, epochs=find_checkpoint(run)))
    start_run(run, owner=owner)


def stop_run(run: Run, *, force: bool = False, owner: str = LOCAL_OWNER) -> None:
    """Stop after the batch and keep the best epoch; a queued run leaves the queue.

    Returns at once; `inspect_run` shows when the run has ended. A worker that hangs is killed
    after a grace period.

    Args:
        force: kill the process now. What was saved is kept; no model is exported.
        owner: the acting owner.
    Raises:
        RunError: the request cannot be written.
        OwnerError: the run belongs to another user.
    """
    _check_owner(run, owner)
    if not is_active(run):
        return
    try:
        run.request_stop()
        with lock_queue():
            if remove_entry(run):
                has_epochs = find_checkpoint(run) > 0
                run.update_status(state="stopped" if has_epochs else "cancelled")
                return
    except OSError as error:
        raise RunError(f"The run {run.id} cannot be stopped: {describe_error(error)}.") from error
    grace_s = 0.0 if force else _STOP_GRACE_S
    threading.Thread(
        target=_kill_after_grace_period, args=(run, grace_s, force), daemon=True
    ).start()


def is_active(run: Run) -> bool:
    """Whether a run is queued, trains or is being evaluated."""
    status = inspect_run(run)
    return not status.is_final and status.state != "waiting"


def list_active_runs() -> list[Run]:
    """The runs that are queued or train, in no particular order; damaged ones are left out."""
    active = []
    for run in list_runs():
        with contextlib.suppress(RunError):
            if is_active(run):
                active.append(run)
    return active


def find_active_run(*, owner: str = LOCAL_OWNER) -> Run | None:
    """The owner's run that trains, else the first one in the queue; None if there is neither."""
    # Looks at the queue only: there may be many runs that have ended. The queue is read before the
    # current run, so that one that is taken meanwhile is found.
    queued = list_queued_runs()
    for run in (get_current_run(), *queued):
        if run is None or run.directory.parent != get_runs_dir().resolve():
            continue
        with contextlib.suppress(RunError):
            if run.read_meta().owner == owner and is_active(run):
                return run
    return None


def count_active_runs() -> int:
    """How many runs of this computer are queued or train, in whichever folder they are."""
    current = get_current_run()
    is_training = current is not None and current.directory.is_dir() and is_active(current)
    return count_entries() + is_training


def rename_run(run: Run, label: str, *, owner: str = LOCAL_OWNER) -> None:
    """Give the run another label; its id and address stay.

    Raises:
        RunError: the label is longer than 80 characters, or it cannot be written.
        OwnerError: the run belongs to another user.
    """
    _check_owner(run, owner)
    run.write_meta(replace(run.read_meta(), label=check_label(label)))


def delete_run(run: Run, *, owner: str = LOCAL_OWNER) -> None:
    """Remove a run and all its files.

    Raises:
        RunError: it is active, or its files cannot be removed.
        OwnerError: the run belongs to another user.
    """
    _check_owner(run, owner)
    try:
        is_running = is_active(run)
    except RunError:
        # Its files are damaged: deleting it is the only remedy.
        is_running = False
    if is_running:
        raise RunError(f"The run {run.id} is still active. Stop it first.")
    try:
        remove_directory(run.directory)
    except OSError as error:
        raise RunError(f"The run {run.id} cannot be deleted: {describe_error(error)}.") from error


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


def _check_owner(run: Run, owner: str) -> None:
    check_owner(f"The run {run.id}", run.owner, owner)


def _undo_start(run: Run, before: RunStatus) -> None:
    # On a full disk the status cannot be written either: the run then counts as interrupted.
    with contextlib.suppress(OSError):
        run.write_status(before)


def _kill_after_grace_period(run: Run, grace_s: float, force: bool) -> None:
    """Wait until a run that was asked to stop has ended; kill its process if it hangs."""
    begin_s = time.monotonic()
    while not (status := inspect_run(run)).is_final:
        is_late = time.monotonic() - begin_s >= grace_s
        if is_late and (force or status.is_hanging):
            status.process.terminate()
        time.sleep(_POLL_S)
