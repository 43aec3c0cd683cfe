"""Whether a run's worker is alive and well, found out by whoever looks. No Keras here."""

from dataclasses import replace

from digitlab.run_status import RunStatus
from digitlab.runs import Run
from digitlab.training.checkpoint_files import find_checkpoint
from digitlab.training.heartbeat import read_beat

# A worker that has given a sign of life so lately lives, whatever the process table says: the
# clock may have been set, or it runs in another container.
_FRESH_S = 2.5


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
    beat = read_beat(run)
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
    return status if status.is_final else _bury(run, status)


def _bury(run: Run, status: RunStatus) -> RunStatus:
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
