"""`stop RUN`: stop a training, or take it out of the queue."""

import argparse

from digitlab.errors import RunError
from digitlab.runs import get_run
from digitlab.training.jobs import follow_run, is_active, stop_run


def run(options: argparse.Namespace) -> int:
    """Ask the worker to stop after the batch and wait until it has."""
    training = get_run(options.run_id)
    if not is_active(training):
        raise RunError(f"The run {training.id} is not being trained: there is nothing to stop.")
    stop_run(training, force=options.force)
    *_, last = follow_run(training)
    print(f"{training.id}: {last.state}{'. ' + last.message if last.message else ''}")
    return 0
