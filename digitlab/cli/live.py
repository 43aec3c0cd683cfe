"""A run's progress on the terminal, for `train` and `resume`."""

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from digitlab.errors import RunError
from digitlab.model_store.card import load_card
from digitlab.runs.control import follow_run, stop_run
from digitlab.runs.run import Run
from digitlab.runs.status import RunStatus

console = Console(highlight=False)


def show_run(run: Run) -> None:
    """Follow a run to its end and tell what came out; Ctrl-C stops it, twice ends it.

    Raises:
        RunError: it has no model in the end.
    """
    status = _follow(run)
    for note in status.notes:
        console.print(f"note: {note}")
    if status.state == "cancelled":
        console.print("cancelled before it began")
        return
    if status.state not in ("done", "stopped"):
        raise RunError(status.message)
    _tell_result(run, status)


def _follow(run: Run) -> RunStatus:
    """A progress bar and a line an epoch; the last status is returned."""
    n_told = len(run.read_history())
    columns = (TextColumn("{task.description}"), BarColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting")
        statuses = follow_run(run)
        status, told = RunStatus(), {""}
        while True:
            try:
                status = next(statuses)
            except StopIteration:
                return status
            except KeyboardInterrupt:
                is_second = run.is_stop_requested()
                stop_run(run, force=is_second)
                console.print("ending" if is_second else "stopping after this batch", end="; ")
                console.print("the best epoch is kept")
                statuses = follow_run(run)
                continue
            if status.message not in told and not status.is_hanging and not status.is_final:
                console.print(f"note: {status.message}")
                told.add(status.message)
            _advance(progress, task, status)
            n_told = _tell_epochs(run, n_told)


def _advance(progress: Progress, task: TaskID, status: RunStatus) -> None:
    if status.is_hanging:
        progress.update(task, description=status.message)
        return
    if status.state == "queued":
        others = "1 run" if status.position == 1 else f"{status.position} runs"
        progress.update(task, description=f"queued: {others} before this one (Ctrl-C leaves)")
        return
    if status.state != "training":
        progress.update(task, description=status.state)
        return
    text = f"epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"
    if "accuracy" in status.metrics:
        text += f" · {status.metrics['accuracy']:.2%} in training"
    if status.images_per_s:
        text += f" · {status.images_per_s:,.0f} images/s"
    if status.eta_s >= 0:
        text += f" · {format_duration(status.eta_s)} left"
    done = status.epoch * status.batches + status.batch
    progress.update(task, description=text, total=status.epochs * status.batches, completed=done)


def format_duration(seconds: float) -> str:
    """12 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _tell_epochs(run: Run, n_told: int) -> int:
    """Print the epochs that came since; returns how many there are in all."""
    history = run.read_history()
    for row in history[n_told:]:
        text = f"epoch {int(row['epoch']) + 1:3}  loss {row['loss']:.4f}"
        text += f"  accuracy {row['accuracy']:.4f}"
        if "val_accuracy" in row:
            text += f"  validation loss {row['val_loss']:.4f}  accuracy {row['val_accuracy']:.4f}"
        console.print(text)
    return len(history)


def _tell_result(run: Run, status: RunStatus) -> None:
    card = load_card(run.directory)
    for note in card["data"]["notes"]:
        console.print(f"note: {note}")
    if status.state == "stopped":
        console.print("stopped by you; this is the best epoch so far")
    test, seconds = card["test"], card["training"]["seconds"]
    low, high = test["interval"]
    console.print(
        f"test accuracy {test['accuracy']:.4f} on {test['n']:,} images "
        f"(95 % interval {low:.4f} to {high:.4f}), {seconds:.0f} s of training"
    )
