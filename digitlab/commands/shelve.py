"""`shelve RUN ID`: put a finished run's model on the shelf."""

import argparse

from digitlab.runs import get_run
from digitlab.shelf import shelve_run


def run(options: argparse.Namespace) -> int:
    """Copy the run's model to the shelf."""
    model = shelve_run(get_run(options.run_id), options.model_id, label=options.label)
    print(f"{model.id} is on the shelf: {model.directory}")
    return 0
