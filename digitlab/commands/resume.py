"""`resume RUN`: go on with a run that has ended."""

import argparse

from digitlab.commands.live import show_run
from digitlab.runs import get_run
from digitlab.training.jobs import resume_run


def run(options: argparse.Namespace) -> int:
    """Train on from the last saved epoch; Ctrl-C stops after the batch."""
    training = get_run(options.run_id)
    resume_run(training, epochs=options.epochs)
    show_run(training)
    return 0
