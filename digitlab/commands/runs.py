"""`runs`: all runs, the newest first."""

import argparse
import json
from dataclasses import asdict

from digitlab.errors import DigitlabError
from digitlab.run_status import RunStatus
from digitlab.runs import Run, list_runs
from digitlab.training.jobs import inspect_run


def run(options: argparse.Namespace) -> int:
    """Print a table, or one JSON object a run."""
    found = list_runs()
    if not found and not options.json:
        print("There are no runs yet. Start one with `python -m digitlab train`.")
    if found and not options.json:
        print(f"{'run':34} {'state':12} {'epochs':>9} {'validation':>10} {'test':>8}  name")
    for training in found:
        try:
            status = inspect_run(training)
            print(_as_json(training, status) if options.json else _tell(training, status))
        except DigitlabError as error:
            # One damaged run must not hide the others.
            print(
                json.dumps({"id": training.id, "error": str(error)})
                if options.json
                else f"{training.id:34} {error}"
            )
    return 0


def _as_json(training: Run, status: RunStatus) -> str:
    values = {"id": training.id, "label": training.read_meta().label, **asdict(status)}
    return json.dumps(values | {"history": training.read_history()}, ensure_ascii=False)


def _tell(training: Run, status: RunStatus) -> str:
    history = training.read_history()
    accuracies = [row["val_accuracy"] for row in history if "val_accuracy" in row]
    validation = f"{max(accuracies):.2%}" if accuracies else "–"
    test = f"{status.metrics['test_accuracy']:.2%}" if "test_accuracy" in status.metrics else "–"
    state = f"queued ({status.position})" if status.state == "queued" else status.state
    epochs = f"{len(history)} of {status.epochs}" if status.epochs else f"{len(history)}"
    label = training.read_meta().label
    return f"{training.id:34} {state:12} {epochs:>9} {validation:>10} {test:>8}  {label}".rstrip()
