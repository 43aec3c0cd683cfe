"""How the network reads a person's own digits while it learns."""

from typing import Any

import keras
import numpy as np

from digitlab.run_digits import append_reading, find_readings_path, load_digits
from digitlab.run_tables import read_rows
from digitlab.runs import Run


class OwnDigitsReader(keras.callbacks.Callback):
    """Reads the run's digits before the first epoch and after each one.

    It comes after what swaps averaged weights in, so that those are the ones that read.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        digits = load_digits(run.directory)
        self._images = None if digits is None else digits[0][..., np.newaxis]

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Let the untrained network guess."""
        if not read_rows(find_readings_path(self._run.directory))[0]:
            self._read(0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Read them again."""
        self._read(epoch + 1)

    def _read(self, epochs: int) -> None:
        if self._images is None:
            return
        probabilities = np.asarray(self.model(self._images, training=False))
        append_reading(self._run.directory, epochs, probabilities)
