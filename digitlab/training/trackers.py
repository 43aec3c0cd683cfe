"""Other programs that show how training goes: TensorBoard, and MLflow where it is asked for."""

from typing import Any

import keras

from digitlab.runs import Run
from digitlab.training.tracking import Tracker


class EpochForwarder(keras.callbacks.Callback):
    """Hands each epoch's values to MLflow."""

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self._tracker = tracker

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Tell them."""
        self._tracker.log_epoch(epoch + 1, logs or {})


def build_trackers(run: Run, tracker: Tracker) -> list[keras.callbacks.Callback]:
    """The callbacks that log each epoch for other programs."""
    board = keras.callbacks.TensorBoard(
        log_dir=str(run.directory / "tensorboard"),
        # The curves alone: graph and batches cost time and room, and the app shows them itself.
        write_graph=False,
        update_freq="epoch",
    )
    return [board, EpochForwarder(tracker)]
