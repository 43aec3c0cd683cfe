"""`train`: start a worker, show how it goes, say what came out."""

import argparse
import json
from dataclasses import asdict

from digitlab.cli.live import console, show_run
from digitlab.cli.settings import read_settings
from digitlab.errors import DigitlabError, RunError
from digitlab.model_store.names import check_model_id
from digitlab.model_store.store import shelve_run
from digitlab.runs.control import (
    follow_run,
    inspect_run,
    is_active,
    resume_run,
    start_run,
    stop_run,
)
from digitlab.runs.run import Run, create_run, get_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config_warnings import find_config_warnings
from digitlab.training.recipes import RECIPES


def train(options: argparse.Namespace) -> int:
    """Train one network; Ctrl-C stops after the batch and keeps the best epoch."""
    if options.list_recipes:
        _list_recipes()
        return 0
    config = read_settings(options)
    for doubt in find_config_warnings(config):
        console.print(f"note: {doubt}")
    if options.shelve:
        check_model_id(options.shelve)
    training = create_run(config, name=options.name)
    console.print(f"train {training.id}  ({training.directory})")
    start_run(training)
    show_run(training)
    if options.shelve:
        model = shelve_run(training, model_id=options.shelve, replace=True)
        console.print(f"on the shelf as {model.id}: {model.directory}")
    return 0


def _list_recipes() -> None:
    for recipe in RECIPES.values():
        console.print(f"[bold]{recipe.id}[/bold]  {recipe.label}\n  {recipe.help}")
        console.print(f"  {recipe.config.format_command()}", style="dim", soft_wrap=True)


def resume(options: argparse.Namespace) -> int:
    """Train on from the last saved epoch; Ctrl-C stops after the batch."""
    training = get_run(options.run_id)
    resume_run(training, epochs=options.epochs)
    show_run(training)
    return 0


def stop(options: argparse.Namespace) -> int:
    """Ask the worker to stop after the batch and wait until it has."""
    training = get_run(options.run_id)
    if not is_active(training):
        raise RunError(f"The run {training.id} is not being trained: there is nothing to stop.")
    stop_run(training, force=options.force)
    *_, last = follow_run(training)
    print(f"{training.id}: {last.state}{'. ' + last.message if last.message else ''}")
    return 0


def show_runs(options: argparse.Namespace) -> int:
    """Print a table, or one JSON object a run."""
    found = list_runs()
    if not found and not options.json:
        print("There are no runs yet. Start one with `python -m digitlab train`.")
    if found and not options.json:
        print(f"{'run':34} {'state':12} {'epochs':>9} {'validation':>10} {'test':>8}  name")
    for training in found:
        try:
            status = inspect_run(training)
            print(_run_to_json(training, status) if options.json else _format_run(training, status))
        except DigitlabError as error:
            # One damaged run must not hide the others.
            print(
                json.dumps({"id": training.id, "error": str(error)})
                if options.json
                else f"{training.id:34} {error}"
            )
    return 0


def _run_to_json(training: Run, status: RunStatus) -> str:
    values = {"id": training.id, "label": training.read_meta().label, **asdict(status)}
    return json.dumps(values | {"history": training.read_history()}, ensure_ascii=False)


def _format_run(training: Run, status: RunStatus) -> str:
    history = training.read_history()
    accuracies = [row["val_accuracy"] for row in history if "val_accuracy" in row]
    validation = f"{max(accuracies):.2%}" if accuracies else "–"
    test = f"{status.metrics['test_accuracy']:.2%}" if "test_accuracy" in status.metrics else "–"
    state = f"queued ({status.position})" if status.state == "queued" else status.state
    epochs = f"{len(history)} of {status.epochs}" if status.epochs else f"{len(history)}"
    label = training.read_meta().label
    return f"{training.id:34} {state:12} {epochs:>9} {validation:>10} {test:>8}  {label}".rstrip()


def shelve(options: argparse.Namespace) -> int:
    """Copy the run's model to the shelf."""
    model = shelve_run(
        get_run(options.run_id), model_id=options.model_id, label=options.label, replace=True
    )
    print(f"{model.id} is on the shelf: {model.directory}")
    return 0
