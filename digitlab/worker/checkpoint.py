"""All that training needs to go on, saved after each epoch and restored."""

import math
import os
from pathlib import Path
from typing import Any

import keras

from digitlab.errors import RunError
from digitlab.runs.checkpoints import list_checkpoints, record_checkpoint
from digitlab.runs.run import Run
from digitlab.runs.tables import find_readings_path, truncate_table
from digitlab.worker.status_writer import StatusWriter

_FILES = ("checkpoint-a.weights.h5", "checkpoint-b.weights.h5")
_BEST, _BEST_DRAFT = "best.weights.h5", ".best.weights.h5"


class CheckpointCallback(keras.callbacks.Callback):
    """Saves weights, optimizer and averaged weights after each epoch; keeps the last two.

    It comes after what logs the epoch and before what swaps averaged weights in. Keras's own
    `BackupAndRestore` writes into the file in use, and file and epoch number one after the other.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save under the older of the two names."""
        used = [one.path.name for one in list_checkpoints(self._run)[:1]]
        name = next(name for name in _FILES if name not in used)
        draft = self._run.directory / f".{name}"
        self.model.save_weights(draft)
        publish_file(draft, self._run.directory / name)
        record_checkpoint(self._run, self._run.directory / name, epoch + 1)


class BestWeightsMover(keras.callbacks.Callback):
    """Moves what `ModelCheckpoint` has drafted into its place; it comes right after it."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._directory = run.directory

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Replace the best weights, if the epoch was the best."""
        if (self._directory / _BEST_DRAFT).exists():
            publish_file(self._directory / _BEST_DRAFT, self._directory / _BEST)


def build_best_weights_callbacks(run: Run, *, monitor: str) -> list[keras.callbacks.Callback]:
    """Keep the best epoch's weights, those before a resumption included.

    Args:
        monitor: the value that is to be small.
    """
    values = [row.get(monitor, math.inf) for row in run.read_history()]
    keeper = keras.callbacks.ModelCheckpoint(
        str(run.directory / _BEST_DRAFT),
        monitor=monitor,
        mode="min",
        save_best_only=True,
        save_weights_only=True,
        # Without it the first epoch would be the best even if its loss is not a number.
        initial_value_threshold=min(filter(math.isfinite, values), default=math.inf),
    )
    return [keeper, BestWeightsMover(run)]


def find_best_weights(run: Run) -> Path:
    """The best epoch's weights; the file may not exist yet."""
    return run.directory / _BEST


def restore_checkpoint(model: keras.Model, progress: StatusWriter) -> int:
    """Go back to the last whole checkpoint, in model, optimizer and the run's tables.

    Args:
        model: compiled, its optimizer built; changed in place.
    Returns:
        How many epochs are complete; 0 if the run is new.
    Raises:
        RunError: there are checkpoints, and all are damaged.
    """
    run = progress.run
    checkpoints = list_checkpoints(run)
    whole = next((one for one in checkpoints if one.is_whole()), None)
    if whole is None and checkpoints:
        raise RunError(
            "The run cannot be resumed: its saved states are damaged. Its best model so far and "
            "its history are kept. Start a new run with the same settings."
        )
    epochs = whole.epochs if whole else 0
    if whole:
        if whole != checkpoints[0]:
            progress.add_note(
                f"The last saved state was damaged: training went on from epoch {epochs}."
            )
        model.load_weights(whole.path)
    else:
        # What an earlier attempt left before its first epoch was saved.
        find_best_weights(run).unlink(missing_ok=True)
    truncate_table(run.history_path, "epoch", epochs)
    truncate_table(run.batches_path, "epoch", epochs)
    # Here epochs count as complete, and the untrained network has a reading too.
    truncate_table(find_readings_path(run.directory), "epoch", epochs + 1 if epochs else 0)
    return epochs


def publish_file(draft: Path, path: Path) -> None:
    """Replace a file by a draft that has reached the disk."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
