"""`train`: start a worker, show how it goes, say what came out."""

import argparse
import subprocess
from dataclasses import fields

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from digitlab.errors import RunError
from digitlab.runs import Run, RunStatus, create_run
from digitlab.shelf import check_model_id, read_card, shelve_run
from digitlab.training.config import TrainConfig
from digitlab.training.jobs import follow_worker, start_worker

_console = Console(highlight=False)


def run(options: argparse.Namespace) -> int:
    """Train one network; Ctrl-C stops after the batch and keeps the best epoch."""
    config = TrainConfig(**{spec.name: getattr(options, spec.name) for spec in fields(TrainConfig)})
    if options.shelve:
        check_model_id(options.shelve)
    training = create_run(config, name=options.name)
    _console.print(f"run {training.id}  ({training.directory})")
    process = start_worker(training)
    status = _show(training, process)
    if status.state == "failed":
        raise RunError(status.message)
    _tell_result(training, status)
    if options.shelve:
        model = shelve_run(training, options.shelve)
        _console.print(f"on the shelf as {model.id}: {model.directory}")
    return 0


def _show(training: Run, process: "subprocess.Popen[bytes]") -> RunStatus:
    """Follow the run with a progress bar and a line an epoch; the last status is returned."""
    n_told = 0
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_console, transient=True) as progress:
        task = progress.add_task("starting")
        statuses = follow_worker(training, process)
        status = RunStatus()
        while True:
            try:
                status = next(statuses)
            except StopIteration:
                return status
            except KeyboardInterrupt:
                if training.is_stop_requested():
                    process.terminate()
                _console.print("stopping after this batch; the best epoch is kept")
                training.request_stop()
                statuses = follow_worker(training, process)
                continue
            if status.message and status.state == "starting":
                _console.print(f"note: {status.message}")
            _advance(progress, task, status)
            n_told = _tell_epochs(training, n_told)


def _advance(progress: Progress, task: TaskID, status: RunStatus) -> None:
    if status.state != "training":
        progress.update(task, description=status.state)
        return
    text = f"epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"
    if "accuracy" in status.metrics:
        text += f" · {status.metrics['accuracy']:.2%} in training"
    done = status.epoch * status.batches + status.batch
    progress.update(task, description=text, total=status.epochs * status.batches, completed=done)


def _tell_epochs(training: Run, n_told: int) -> int:
    """Print the epochs that came since; returns how many have been printed in all."""
    history = training.read_history()
    for row in history[n_told:]:
        text = f"epoch {int(row['epoch']) + 1:3}  loss {row['loss']:.4f}"
        text += f"  accuracy {row['accuracy']:.4f}"
        if "val_accuracy" in row:
            text += f"  validation loss {row['val_loss']:.4f}  accuracy {row['val_accuracy']:.4f}"
        _console.print(text)
    return len(history)


def _tell_result(training: Run, status: RunStatus) -> None:
    card = read_card(training.directory)
    for note in card["data"]["notes"]:
        _console.print(f"note: {note}")
    if status.state == "stopped":
        _console.print("stopped by you; this is the best epoch so far")
    test, seconds = card["test"], card["training"]["seconds"]
    low, high = test["interval"]
    _console.print(
        f"test accuracy {test['accuracy']:.4f} on {test['n']:,} images "
        f"(95 % interval {low:.4f} to {high:.4f}), {seconds:.0f} s of training"
    )
