"""What happens while Keras trains: the run directory is kept up to date, a stop is obeyed."""

import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from digitlab.runs.run import Run
from digitlab.runs.tables import (
    append_reading,
    append_rows,
    find_readings_path,
    load_digits,
    read_rows,
)
from digitlab.worker.status_writer import StatusWriter

_WRITE_EVERY_S = 0.25
_METRICS = ("loss", "accuracy")


@dataclass(frozen=True)
class MeterReading:
    """What was measured since the reading before.

    Attributes:
        values: metrics of the batches since then alone.
        images_per_s: trained since then.
        seconds: since training began.
    """

    values: dict[str, float]
    images_per_s: float
    seconds: float


class Meter:
    """Measures epochs and batches of one training."""

    def __init__(self, epochs: int, n_images: int, batch_size: int) -> None:
        """Take the sizes; `epochs` is the number of the last one."""
        self.epochs = epochs
        self.n_batches = -(-n_images // batch_size)
        self._n_images, self._batch_size = n_images, batch_size
        self._begin_s = time.monotonic()
        self._epoch_times_s: list[float] = []
        self.epoch = 0
        self.epoch_s = 0.0

    def begin_epoch(self, epoch: int) -> None:
        """Start measuring an epoch, counted from 0."""
        self.epoch = epoch
        self._epoch_begin_s = self._last_s = time.monotonic()
        self._last_batch, self._last_means = 0, dict[str, float]()

    def end_epoch(self) -> None:
        """Keep how long the epoch took, validation and all."""
        self.epoch_s = time.monotonic() - self._epoch_begin_s
        self._epoch_times_s.append(self.epoch_s)

    def read(self, batch: int, means: dict[str, float]) -> MeterReading:
        """Take a reading within an epoch.

        Args:
            batch: how many are complete.
            means: metrics as Keras tells them, over the epoch so far.
        """
        now, last = time.monotonic(), self._last_batch
        n_new = max(1, batch - last)
        values = {
            key: (batch * mean - last * self._last_means.get(key, 0.0)) / n_new
            for key, mean in means.items()
        }
        n_images = min(batch * self._batch_size, self._n_images) - last * self._batch_size
        rate = n_images / max(now - self._last_s, 1e-9)
        self._last_s, self._last_batch, self._last_means = now, batch, means
        return MeterReading(values, rate, now - self._begin_s)

    def estimate_rest_s(self, epochs_done: int, batch: int) -> float:
        """How long until the last epoch ends, in seconds.

        The first epoch of a process is slower than those that follow, so that the latest counts.
        """
        rest = self.epochs - epochs_done
        if self._epoch_times_s:
            epoch_s = self._epoch_times_s[-1]
            return max(0.0, (rest - batch / self.n_batches) * epoch_s)
        if not batch:
            return -1.0
        batch_s = (time.monotonic() - self._epoch_begin_s) / batch
        return batch_s * (rest * self.n_batches - batch)


class RunDirectoryCallback(keras.callbacks.Callback):
    """Writes status and batches as they pass and stops when the run directory asks for it.

    It comes before the callback that logs the epochs, for which it adds what Keras leaves out.
    """

    def __init__(
        self, progress: StatusWriter, *, epochs: int, n_images: int, batch_size: int
    ) -> None:
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
        self._progress.update(
            state="training", message="", epochs=self._meter.epochs, batches=self._meter.n_batches
        )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start measuring the epoch."""
        self._meter.begin_epoch(epoch)
        self._progress.update(epoch=epoch, batch=0)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Report a few times a second; look for a stop request as often."""
        # With several steps at a time, Keras counts the last ones as if they were complete.
        batch = min(batch, self._meter.n_batches - 1)
        is_last = batch + 1 == self._meter.n_batches
        self._progress.heartbeat.progress("validation" if is_last else "batch")
        now = time.monotonic()
        if now - self._last_write_s < _WRITE_EVERY_S:
            return
        self._last_write_s = now
        self._write(batch + 1, logs or {})
        if self._progress.run.is_stop_requested():
            self.was_stopped = True
            self.model.stop_training = True
            # Keras goes from here to the validation, which takes longer than a batch.
            self._progress.heartbeat.progress("validation")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Report the whole epoch; the callbacks that follow find its rate and time in `logs`."""
        logs = {} if logs is None else logs
        self._progress.heartbeat.progress("epoch")
        self._meter.end_epoch()
        logs["learning_rate"] = self._read_learning_rate()
        logs["seconds"] = self._meter.epoch_s
        self._progress.update(
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
        self._progress.update(
            batch=batch,
            metrics={key: float(value) for key, value in logs.items()},
            learning_rate=learning_rate,
            images_per_s=reading.images_per_s,
            eta_s=self._meter.estimate_rest_s(self._meter.epoch, batch),
        )

    def _read_learning_rate(self) -> float:
        return float(self.model.optimizer.learning_rate)


class UserDigitsCallback(keras.callbacks.Callback):
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
