"""The worker process: `python -m digitlab.training.worker RUN_DIR`.

It imports TensorFlow, so that nobody else has to, and answers through the run directory only.
"""

import os
import sys
import traceback
from pathlib import Path

from digitlab.errors import DigitlabError
from digitlab.runs import Run, RunStatus

# Below the app, which then stays quick on a small machine.
_NICENESS = 10


def main(directory: Path) -> int:
    """Carry out one run; the exit code is 0 if it has a model."""
    run = Run(directory)
    run.write_status(RunStatus(state="starting", pid=os.getpid()))
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    try:
        # Before the heavy import: bad settings are told at once.
        run.read_config()
        # Imported late: by now the status says that the worker lives.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        from digitlab.training.fit import train

        train(run)
    except DigitlabError as error:
        _report_failure(run, str(error))
        return 1
    except Exception as error:
        # The last line of defence: the log keeps the traceback, the person gets a sentence.
        traceback.print_exc()
        _report_failure(
            run,
            f"Training broke off ({type(error).__name__}: {error}). "
            f"The whole story is in {run.directory / 'worker.log'}.",
        )
        return 1
    return 0


def _report_failure(run: Run, message: str) -> None:
    run.write_status(RunStatus(state="failed", message=message, pid=os.getpid()))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
