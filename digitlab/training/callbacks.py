"""What happens while Keras trains: the run directory is kept up to date, a stop is obeyed."""

import time
from typing import Any

import keras

from digitlab.run_tables import append_rows
from digitlab.training.meter import Meter
from digitlab.training.progress import Progress

_WRITE_EVERY_S = 0.25
_METRICS = ("loss", "accuracy")


class RunReporter(keras.callbacks.Callback):
    """Writes status and batches as they pass and stops when the run directory asks for it.

    It comes before the callback that logs the epochs, for which it adds what Keras leaves out.
    """

    def __init__(self, progress: Progress, *, epochs: int, n_images: int, batch_size: int) -> None:
        """Take where to report.

        Args:
            epochs: the number of the last one, those before a resumption included.
            n_images: in an epoch.
        """
        super().__init__()
        self._progress = progress
        self._meter = Meter(epochs, n_images, batch_size)
        self._last_write_s = 0.0
        self.was_stopped = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Say that training has begun."""
        self._progress.tell(
            state="training", message="", epochs=self._meter.epochs, batches=self._meter.n_batches
        )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start measuring the epoch."""
        self._meter.begin_epoch(epoch)
        self._progress.tell(epoch=epoch, batch=0)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Report a few times a second; look for a stop request as often."""
        # With several steps at a time, Keras counts the last ones as if they were complete.
        batch = min(batch, self._meter.n_batches - 1)
        is_last = batch + 1 == self._meter.n_batches
        self._progress.heart.progress("validation" if is_last else "batch")
        now = time.monotonic()
        if now - self._last_write_s < _WRITE_EVERY_S:
            return
        self._last_write_s = now
        self._write(batch + 1, logs or {})
        if self._progress.run.is_stop_requested():
            self.was_stopped = True
            self.model.stop_training = True
            # Keras goes from here to the validation, which takes longer than a batch.
            self._progress.heart.progress("validation")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Report the whole epoch; the callbacks that follow find its rate and time in `logs`."""
        logs = {} if logs is None else logs
        self._progress.heart.progress("epoch")
        self._meter.end_epoch()
        logs["learning_rate"] = self._read_learning_rate()
        logs["seconds"] = self._meter.epoch_s
        self._progress.tell(
            epoch=epoch + 1,
            batch=0,
            metrics={key: float(value) for key, value in logs.items()},
            eta_s=self._meter.estimate_rest_s(epoch + 1, 0),
        )

    def _write(self, batch: int, logs: dict[str, Any]) -> None:
        values = {key: float(logs[key]) for key in _METRICS if key in logs}
        learning_rate = self._read_learning_rate()
        reading = self._meter.read(batch, values)
        row = {"epoch": self._meter.epoch, "batch": batch, **reading.values}
        row |= {
            "learning_rate": learning_rate,
            "images_per_s": reading.images_per_s,
            "seconds": reading.seconds,
        }
        append_rows(self._progress.run.batches_path, [row])
        self._progress.tell(
            batch=batch,
            metrics={key: float(value) for key, value in logs.items()},
            learning_rate=learning_rate,
            images_per_s=reading.images_per_s,
            eta_s=self._meter.estimate_rest_s(self._meter.epoch, batch),
        )

    def _read_learning_rate(self) -> float:
        return float(self.model.optimizer.learning_rate)
