"""What happens while Keras trains: the run directory is kept up to date, a stop is obeyed."""

import time
from typing import Any

import keras

from digitlab.runs import Run, RunStatus
from digitlab.training.config import TrainConfig

_WRITE_EVERY_S = 0.25


class RunReporter(keras.callbacks.Callback):
    """Writes `status.json` as batches pass and stops when the run directory asks for it."""

    def __init__(self, run: Run, config: TrainConfig, n_batches: int, pid: int) -> None:
        super().__init__()
        self._run, self._config, self._n_batches, self._pid = run, config, n_batches, pid
        self._epoch = 0
        self._last_write_s = 0.0
        self.was_stopped = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Say that training has begun."""
        self._write(0, {})

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remember the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Report a few times a second; look for a stop request as often."""
        now = time.monotonic()
        if now - self._last_write_s < _WRITE_EVERY_S:
            return
        self._last_write_s = now
        self._write(batch + 1, logs or {})
        if self._run.is_stop_requested():
            self.was_stopped = True
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Report the whole epoch."""
        self._epoch = epoch + 1
        self._write(0, logs or {})

    def _write(self, batch: int, logs: dict[str, Any]) -> None:
        self._run.write_status(
            RunStatus(
                state="training",
                epoch=self._epoch,
                epochs=self._config.epochs,
                batch=batch,
                batches=self._n_batches,
                metrics={key: float(value) for key, value in logs.items()},
                pid=self._pid,
            )
        )
