"""A class in which everybody starts a training at the same moment.

`python -m benchmarks.classroom [--students 30] [--recipe lightning]`. Every student is a visitor of
a hosted app; the first one starts two trainings. Printed is when each training began and ended.
MNIST comes from `DIGITLAB_DATA`.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from digitlab.errors import LimitError
from digitlab.runs.control import start_new_run
from digitlab.runs.health import inspect_run
from digitlab.runs.queue import get_current_run
from digitlab.runs.run import Run
from digitlab.training.recipes import RECIPES
from tests.browser.server import use_empty_folders

_INTERVAL_S = 0.2


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classroom")
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--recipe", choices=RECIPES, default="lightning")
    options = parser.parse_args()
    data_dir = os.environ.get("DIGITLAB_DATA")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        use_empty_folders(Path(folder)),
    ):
        if data_dir is not None:
            os.environ["DIGITLAB_DATA"] = data_dir
        _measure(options.students, options.recipe)


def _measure(n_students: int, recipe: str) -> None:
    config = RECIPES[recipe].config
    owners = [0, *range(n_students)]
    begin_s = time.monotonic()
    runs = [start_new_run(config, owner=f"student-{number}") for number in owners]
    try:
        start_new_run(config, owner="student-0")
    except LimitError as error:
        print(f"\nA third training of student 0: {error}")
    names = {run.id: f"student {number}" for run, number in zip(runs, owners, strict=True)}
    print(f"{'order':>5}  {'who':12} {'begins after':>13} {'ends after':>11}  state")
    begun: dict[Run, float] = {}
    waiting = set(runs)
    while waiting:
        current = get_current_run()
        if current is not None:
            begun.setdefault(current, time.monotonic() - begin_s)
        for run in list(waiting):
            status = inspect_run(run)
            if status.is_final:
                waiting.remove(run)
                print(
                    f"{list(begun).index(run) + 1:5}  {names[run.id]:12} {begun[run]:11.0f} s "
                    f"{time.monotonic() - begin_s:9.0f} s  {status.state}",
                    flush=True,
                )
        time.sleep(_INTERVAL_S)


if __name__ == "__main__":
    main()
