"""Checkpoints: saved after each epoch, restored when a run is resumed."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from digitlab.errors import RunError
from digitlab.runs.checkpoints import list_checkpoints, record_checkpoint
from digitlab.runs.run import Run
from digitlab.runs.tables import find_readings_path, truncate_table
from digitlab.worker.status_writer import StatusWriter

_FILES = ("checkpoint-a.weights.h5", "checkpoint-b.weights.h5")
_BEST = "best.weights.h5"


class CheckpointCallback(keras.callbacks.Callback):
    """Saves weights, optimizer and EMA weights after each epoch; keeps the last two checkpoints.

    Keras's `BackupAndRestore` overwrites the file in use, and writes file and epoch number one
    after the other, so that a crash between the two makes both useless.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Replace the older of the two, unless training has diverged."""
        if not (math.isfinite((logs or {})["loss"]) and has_finite_weights(self.model)):
            return
        latest = [checkpoint.path.name for checkpoint in list_checkpoints(self._run)[:1]]
        name = next(name for name in _FILES if name not in latest)
        save_weights(self.model, self._run.directory / name)
        record_checkpoint(self._run, self._run.directory / name, epoch + 1)


class BestWeightsCallback(keras.callbacks.Callback):
    """Saves the weights of the best epoch so far, those before a resume included."""

    def __init__(self, run: Run, network: keras.Model, *, monitor: str) -> None:
        """Look up the best epoch in the history.

        Args:
            network: what to save: more than the model that is trained while a base is frozen.
            monitor: the loss to minimise.
        """
        super().__init__()
        self._run, self._network, self._monitor = run, network, monitor
        losses = [row.get(monitor, math.inf) for row in run.read_history()]
        self._best = min(filter(math.isfinite, losses), default=math.inf)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Replace the best weights if the epoch is better."""
        loss = float((logs or {})[self._monitor])
        # False for NaN as well.
        if loss < self._best and has_finite_weights(self.model):
            self._best = loss
            save_weights(self._network, find_best_weights(self._run))


def find_best_weights(run: Run) -> Path:
    """The file with the weights of the best epoch; it may not exist yet."""
    return run.directory / _BEST


def restore_checkpoint(
    choose_model: Callable[[int], keras.Model], status_writer: StatusWriter
) -> int:
    """Restore the last undamaged checkpoint: model, optimizer and the run's tables.

    Args:
        choose_model: takes the number of complete epochs and returns the model that was trained
            last, compiled, its optimizer built; it is changed in place.
    Returns:
        The number of complete epochs; 0 if the run is new.
    Raises:
        RunError: all checkpoints are damaged.
    """
    run = status_writer.run
    checkpoints = list_checkpoints(run)
    whole = next((checkpoint for checkpoint in checkpoints if checkpoint.is_intact()), None)
    if whole is None and checkpoints:
        raise RunError(
            "The run cannot be resumed: its checkpoints are damaged. Its best model so far and its "
            "history are kept. Start a new run with the same settings."
        )
    epochs = whole.epochs if whole else 0
    if whole:
        if whole != checkpoints[0]:
            status_writer.add_note(
                f"The last checkpoint is damaged: training was resumed from epoch {epochs}."
            )
        choose_model(epochs).load_weights(whole.path)
    else:
        # An attempt that died before its first checkpoint may have left it.
        find_best_weights(run).unlink(missing_ok=True)
    truncate_table(run.history_path, "epoch", epochs)
    truncate_table(run.batches_path, "epoch", epochs)
    # Numbered by complete epochs: the untrained network is 0.
    truncate_table(find_readings_path(run.directory), "epoch", epochs + 1 if epochs else 0)
    return epochs


def has_finite_weights(model: keras.Model) -> bool:
    """Whether no weight and no optimizer variable is NaN or infinite."""
    variables = [*model.variables, *model.optimizer.variables]
    return all(np.isfinite(np.asarray(variable)).all() for variable in variables)


def save_weights(model: keras.Model, path: Path) -> None:
    """Save weights and optimizer so that `path` holds the old file or the new one, on disk."""
    draft = path.with_name(f".{path.name}")
    model.save_weights(draft)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
