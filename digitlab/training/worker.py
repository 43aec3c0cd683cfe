"""The worker process: `python -m digitlab.training.worker RUN_DIR`, or `--wait` for one to come.

It imports TensorFlow, so that nobody else has to, and answers through the run directory only.
"""

import errno
import os
import shutil
import sys
import traceback
from pathlib import Path

from digitlab.errors import DigitlabError
from digitlab.processes import yield_to_others
from digitlab.runs import Run
from digitlab.training.checkpoint_files import find_checkpoint
from digitlab.training.heartbeat import Heart
from digitlab.training.progress import Progress
from digitlab.training.reserve import DiskReserve
from digitlab.training.waiting_line import take_turn
from digitlab.training.worker_wait import import_training, wait_for_run

_LITTLE_ROOM_BYTES = 200_000


def main(directory: Path) -> int:
    """Carry out one run when its turn has come; the exit code is 0 if it has a model."""
    run = Run(directory)
    with Heart(run) as heart:
        progress = Progress(run, heart)

        def report_position(position: int) -> None:
            heart.progress("queue")
            if progress.status.position != position:
                progress.tell(state="queued", position=position)

        with take_turn(run, progress.status.process, on_wait=report_position) as is_our_turn:
            if not is_our_turn:
                return _leave(progress)
            heart.progress("data")
            progress.tell(state="starting", position=0)
            return _train(progress)


def _leave(progress: Progress) -> int:
    """End a run that was stopped before training began."""
    has_epochs = find_checkpoint(progress.run) > 0
    progress.tell(state="stopped" if has_epochs else "cancelled", position=0)
    return 1


def _train(progress: Progress) -> int:
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
        progress.tell(state="failed", message=str(error), eta_s=-1.0)
        return 1
    except Exception as error:
        # The last line of defence: the log keeps the traceback, the person gets a sentence.
        message = _tell_failure(progress.run, error)
        reserve.release()
        progress.tell(state="failed", message=message, eta_s=-1.0)
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


def _begin(arguments: list[str]) -> int:
    yield_to_others()
    if arguments != ["--wait"]:
        return main(Path(arguments[0]))
    directory = wait_for_run()
    return main(directory) if directory else 0


if __name__ == "__main__":
    sys.exit(_begin(sys.argv[1:]))
