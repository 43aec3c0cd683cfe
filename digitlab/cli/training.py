"""`train`, `resume`, `stop`, `runs` and `save-model`: training runs on the command line."""

import argparse
import json
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from digitlab.cli.datasets import choose_dataset
from digitlab.cli.interrupts import InterruptCounter
from digitlab.cli.settings import read_settings
from digitlab.datasets.registry import SAMPLE_NOTE
from digitlab.errors import DigitlabError, ModelExistsError, RunError
from digitlab.model_store.card import load_card
from digitlab.model_store.names import check_label
from digitlab.model_store.store import list_models, save_model
from digitlab.quantities import format_duration
from digitlab.runs.control import (
    follow_run,
    is_active,
    resume_run,
    start_run,
    stop_run,
)
from digitlab.runs.health import describe_run, inspect_run
from digitlab.runs.run import Run, create_run, get_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config_warnings import find_config_warnings
from digitlab.training.diagnosis import find_best_epoch
from digitlab.training.pretrained import describe_missing_weights
from digitlab.training.recipes import RECIPES

_POLL_S = 0.2

console = Console(highlight=False)


def train(options: argparse.Namespace) -> int:
    """Train one network and show its progress; Ctrl-C stops it and keeps the best epoch."""
    if options.list_recipes:
        _print_recipes()
        return 0
    choose_dataset(options)
    config = read_settings(options)
    for warning in find_config_warnings(config):
        console.print(f"note: {warning}")
    if missing := describe_missing_weights(config):
        console.print(f"note: {missing}")
    check_save_as(options)
    run = create_run(config, name=options.name)
    if follow_to_end(run) and options.save_as:
        _save_model(run, options.save_as, replace=options.replace)
    return 0


def check_save_as(options: argparse.Namespace) -> None:
    """Refuse a name of a model that is taken, before training rather than after it."""
    if options.save_as:
        _check_label_is_free(options.save_as, replace=options.replace)


def follow_to_end(run: Run) -> bool:
    """Start a run and show its progress; whether it has a model then."""
    with InterruptCounter() as interrupts:
        console.print(f"run {run.id}  ({run.directory})")
        start_run(run)
        return _show_run(run, interrupts)


def _print_recipes() -> None:
    for recipe in RECIPES.values():
        console.print(f"[bold]{recipe.id}[/bold]  {recipe.label}\n  {recipe.help}")
        console.print(f"  {recipe.config.format_command()}", style="dim", soft_wrap=True)


def _check_label_is_free(label: str, *, replace: bool) -> None:
    label = check_label(label)
    for model in list_models():
        if model.label.casefold() == label.casefold() and (model.is_shipped or not replace):
            advice = "" if model.is_shipped else "Add --replace to replace it, or c"
            raise ModelExistsError(
                f"A model named {model.label} exists. {advice or 'C'}hoose another name."
            )


def resume(options: argparse.Namespace) -> int:
    """Continue a run from its last saved epoch; Ctrl-C stops it and keeps the best epoch."""
    run = get_run(options.run_id)
    with InterruptCounter() as interrupts:
        resume_run(run, epochs=options.epochs)
        _show_run(run, interrupts)
    return 0


def finish(run: Run) -> None:
    """Start or resume a run, or follow it if it is active already, and show its progress.

    Raises:
        RunError: it failed or was interrupted.
    """
    with InterruptCounter() as interrupts:
        if inspect_run(run).state == "waiting":
            start_run(run)
        elif not is_active(run):
            resume_run(run)
        _show_run(run, interrupts)


def _show_run(run: Run, interrupts: InterruptCounter) -> bool:
    """Follow a run to its end and print the result.

    Returns:
        Whether the run has a model; false if it was stopped before it made one.
    Raises:
        RunError: it failed or was interrupted.
    """
    status = _follow(run, interrupts)
    for note in status.notes:
        console.print(f"note: {note}")
    if status.state == "cancelled":
        console.print(status.message or "cancelled before training started")
        return False
    if status.state not in ("done", "stopped"):
        raise RunError(status.message)
    if not run.has_model:
        # A resumed run that was stopped before the first of its new epochs.
        console.print(status.message or "stopped; resume the run to continue")
        return False
    _print_result(run, status)
    return True


def _follow(run: Run, interrupts: InterruptCounter) -> RunStatus:
    """Show a progress bar and one line per epoch; returns the final status."""
    n_printed = len(run.read_history())
    n_handled = 0
    printed_messages = {""}
    columns = (TextColumn("{task.description}"), BarColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting")
        while True:
            if interrupts.n > n_handled:
                n_handled = interrupts.n
                _stop(run, is_forced=n_handled > 1)
            status = inspect_run(run)
            if status.state == "starting" and status.message not in printed_messages:
                printed_messages.add(status.message)
                console.print(f"note: {status.message}")
            _update_progress(progress, task, status)
            n_printed = _print_new_epochs(run, n_printed)
            if status.is_final:
                return status
            time.sleep(_POLL_S)


def _stop(run: Run, *, is_forced: bool) -> None:
    if is_forced:
        console.print("ending the training process; saved epochs are kept")
    else:
        console.print("stopping; the best epoch is kept. Press Ctrl-C again to kill the process.")
    stop_run(run, force=is_forced)


def _update_progress(progress: Progress, task: TaskID, status: RunStatus) -> None:
    if status.is_hanging:
        progress.update(task, description=status.message)
        return
    if status.state == "queued":
        text = f"queued at position {status.position} (Ctrl-C cancels)"
        progress.update(task, description=text)
        return
    if status.state != "training":
        has_detail = status.state != "starting" and status.message
        progress.update(task, description=status.message if has_detail else status.state)
        return
    text = f"epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"
    if "accuracy" in status.metrics:
        text += f" · training accuracy {status.metrics['accuracy']:.2%}"
    if status.images_per_s:
        text += f" · {status.images_per_s:,.0f} images/s"
    if status.eta_s >= 0:
        text += f" · {format_duration(status.eta_s)} left"
    done = status.epoch * status.batches + status.batch
    progress.update(task, description=text, total=status.epochs * status.batches, completed=done)


def _print_new_epochs(run: Run, n_printed: int) -> int:
    """Print the epochs completed since the last call; returns the number of epochs."""
    history = run.read_history()
    for row in history[n_printed:]:
        text = f"epoch {int(row['epoch']) + 1:3}  loss {row['loss']:.4f}"
        text += f"  accuracy {row['accuracy']:.4f}"
        if "val_accuracy" in row:
            text += f"  val_loss {row['val_loss']:.4f}  val_accuracy {row['val_accuracy']:.4f}"
        console.print(text)
    return len(history)


def _print_result(run: Run, status: RunStatus) -> None:
    card = load_card(run.directory)
    for note in card["data"]["notes"]:
        console.print(f"note: {note}")
    if status.state == "stopped":
        console.print("stopped; the best epoch so far is kept")
    test, seconds = card["test"], card["training"]["seconds"]
    low, high = test["interval"]
    console.print(
        f"test accuracy {test['accuracy']:.4f} on {test['n']:,} images "
        f"(95 % interval {low:.4f} to {high:.4f}), trained for {format_duration(seconds)}"
    )


def stop(options: argparse.Namespace) -> int:
    """Stop a run and wait for its end."""
    run = get_run(options.run_id)
    if not is_active(run):
        raise RunError(f"The run {run.id} is not active: there is nothing to stop.")
    stop_run(run, force=options.force)
    *_, last = follow_run(run)
    print(f"{run.id}: {last.state}{'. ' + last.message if last.message else ''}")
    return 0


def show_runs(options: argparse.Namespace) -> int:
    """Print a table, or one JSON object per run."""
    runs = list_runs()
    if not runs and not options.json:
        print("There are no runs yet. Start one with `python -m digitlab train`.")
    if runs and not options.json:
        print(f"{'run':34} {'state':12} {'epochs':>9} {'validation':>10} {'test':>8}  name")
    has_sample = False
    for run in runs:
        try:
            status = inspect_run(run)
            print(
                json.dumps(describe_run(run, status), ensure_ascii=False)
                if options.json
                else _format_run(run, status)
            )
        except DigitlabError as error:
            # One damaged run must not hide the others.
            values = {"id": run.id, "error": str(error)}
            print(json.dumps(values) if options.json else f"{run.id:34} {error}")
            continue
        has_sample = has_sample or status.is_sample
    if has_sample and not options.json:
        print(f"* {SAMPLE_NOTE}")
    return 0


def _format_run(run: Run, status: RunStatus) -> str:
    history = run.read_history()
    best = find_best_epoch(history)
    best_row = history[best - 1] if best else {}
    validation = f"{best_row['val_accuracy']:.2%}" if "val_accuracy" in best_row else "–"
    test = f"{status.metrics['test_accuracy']:.2%}" if "test_accuracy" in status.metrics else "–"
    test += "*" if status.is_sample else ""
    state = f"queued ({status.position})" if status.state == "queued" else status.state
    epochs = f"{len(history)} of {status.epochs}" if status.epochs else f"{len(history)}"
    label = run.read_meta().label
    return f"{run.id:34} {state:12} {epochs:>9} {validation:>10} {test:>8}  {label}".rstrip()


def save(options: argparse.Namespace) -> int:
    """Save a run's model."""
    _check_label_is_free(options.label, replace=options.replace)
    _save_model(get_run(options.run_id), options.label, replace=options.replace)
    return 0


def _save_model(run: Run, label: str, *, replace: bool) -> None:
    model = save_model(run, label=label, replace=replace)
    console.print(f"saved as {model.id}: {model.directory}", soft_wrap=True)
