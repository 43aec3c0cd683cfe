"""What happens while Keras trains: all callbacks of a run, in their order."""

import time
from typing import Any

import keras
import numpy as np

from digitlab.hosting_limits import WAY_OUT, get_limits
from digitlab.runs.run import Run
from digitlab.runs.tables import (
    append_reading,
    append_rows,
    find_readings_path,
    load_digits,
    read_rows,
)
from digitlab.training.phases import Phase
from digitlab.worker.checkpoint import BestWeightsCallback, CheckpointCallback
from digitlab.worker.optimization import build_loss_monitors
from digitlab.worker.remaining_time import RemainingTime
from digitlab.worker.status_writer import StatusWriter
from digitlab.worker.trackers import Tracker, build_tracker_callbacks

_WRITE_INTERVAL_S = 0.25
_METRICS = ("loss", "accuracy")


def build_callbacks(
    model: keras.Model,
    phase: Phase,
    status_writer: StatusWriter,
    tracker: Tracker,
    *,
    network: keras.Model,
    epochs: int,
    n_images: int,
    monitor: str,
) -> keras.callbacks.CallbackList:
    """All callbacks of a phase. Keras calls them in this order at the end of each epoch.

    Args:
        model: what is trained: the network, or only its head.
        network: what is saved.
        epochs: number of the last epoch, those before a resume included.
        n_images: number of training images.
        monitor: the loss by which the best epoch is chosen.
    """
    run, config = status_writer.run, phase.config
    n_batches = -(-n_images // config.batch_size)
    callbacks = [
        # First: adds the learning rate and the duration to `logs`, which all others share.
        ProgressCallback(status_writer, epochs, n_images, config.batch_size),
        # Before the checkpoint, which then contains the reduced learning rate.
        *build_loss_monitors(phase, run, monitor=monitor),
        # Before the checkpoint: if the process dies between the two, a resume drops the row. In
        # the other order, the row would be missing forever.
        keras.callbacks.CSVLogger(str(run.history_path), append=True),
        # Before the EMA swap: training resumes from the weights that the optimizer updates.
        CheckpointCallback(run),
        *([keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if config.ema_momentum else []),
        # After the EMA swap: the averaged weights are the ones that are exported.
        BestWeightsCallback(run, network, monitor=monitor),
        UserDigitsCallback(run, network),
        keras.callbacks.TerminateOnNaN(),
        *build_tracker_callbacks(run, tracker),
        # Last: it leaves `fit` by an exception when all others have seen the epoch.
        StopCallback(status_writer, n_batches),
    ]
    return keras.callbacks.CallbackList(
        callbacks, add_history=True, model=model, epochs=epochs, steps=n_batches
    )


class StopTraining(Exception):  # noqa: N818
    """The user stopped the run. Not an error: completed epochs are kept."""


class StopCallback(keras.callbacks.Callback):
    """Leaves `fit` when the user stops the run, or a visitor's time on a hosted app is over.

    `model.stop_training` is unsuitable: Keras then treats the incomplete epoch as complete,
    validates it, and lets every callback record it.
    """

    def __init__(self, status_writer: StatusWriter, n_batches: int) -> None:
        super().__init__()
        self._status_writer, self._n_batches = status_writer, n_batches
        self._limits = get_limits(status_writer.run.owner)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop after a batch; after the last one, let the epoch be completed."""
        if batch + 1 < self._n_batches:
            self._stop_on_request()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Stop between two epochs."""
        if epoch + 1 < self.params["epochs"]:
            self._stop_on_request()

    def _stop_on_request(self) -> None:
        if self._status_writer.run.is_stop_requested():
            raise StopTraining
        limits = self._limits
        if limits is not None and self._status_writer.elapsed_s > 60 * limits.minutes:
            self._status_writer.add_note(
                f"Stopped after {limits.minutes:g} minutes, the limit of this server. {WAY_OUT}"
            )
            raise StopTraining


class ProgressCallback(keras.callbacks.Callback):
    """Writes the status and a few rows per second about the batches."""

    def __init__(
        self, status_writer: StatusWriter, epochs: int, n_images: int, batch_size: int
    ) -> None:
        """Take the sizes of the run.

        Args:
            epochs: number of the last epoch, those before a resume included.
            n_images: in an epoch.
        """
        super().__init__()
        self._status_writer = status_writer
        self._epochs, self._n_images, self._batch_size = epochs, n_images, batch_size
        self._n_batches = -(-n_images // batch_size)
        self._remaining_time = RemainingTime(self._n_batches)
        self._last_write_s = 0.0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Report the number of epochs and batches."""
        self._train_begin_s = time.monotonic()
        self._status_writer.update(
            state="training", message="", epochs=self._epochs, batches=self._n_batches
        )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start measuring the epoch."""
        self._epoch = epoch
        self._epoch_begin_s = self._last_s = time.monotonic()
        self._last_batch, self._last_means = 0, dict[str, float]()
        self._status_writer.update(epoch=epoch, batch=0)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Report a few times per second."""
        # With several steps per execution, Keras counts an incomplete last group as complete.
        done = min(batch + 1, self._n_batches)
        self._status_writer.heartbeat.progress("validation" if done == self._n_batches else "batch")
        if time.monotonic() - self._last_write_s >= _WRITE_INTERVAL_S:
            self._write(done, logs or {})
            self._last_write_s = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Report the epoch and add its learning rate and duration to `logs`."""
        logs = {} if logs is None else logs
        self._status_writer.heartbeat.progress("epoch")
        seconds = time.monotonic() - self._epoch_begin_s
        self._remaining_time.add_epoch(seconds)
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        logs["seconds"] = seconds
        self._status_writer.update(
            epoch=epoch + 1,
            batch=0,
            metrics={key: float(value) for key, value in logs.items()},
            eta_s=self._estimate_remaining_s(epoch + 1, 0),
        )

    def _write(self, done: int, logs: dict[str, Any]) -> None:
        now, learning_rate = time.monotonic(), float(self.model.optimizer.learning_rate)
        n_images = min(done * self._batch_size, self._n_images)
        n_images -= self._last_batch * self._batch_size
        images_per_s = n_images / max(now - self._last_s, 1e-9)
        self._remaining_time.add_batches(done - self._last_batch, now - self._last_s)
        row = {
            "epoch": self._epoch,
            "batch": done,
            **self._compute_recent_means(done, logs),
            "learning_rate": learning_rate,
            "images_per_s": images_per_s,
            "seconds": now - self._train_begin_s,
        }
        self._last_s, self._last_batch = now, done
        append_rows(self._status_writer.run.batches_path, [row])
        self._status_writer.update(
            batch=done,
            metrics={key: float(value) for key, value in logs.items()},
            learning_rate=learning_rate,
            images_per_s=images_per_s,
            eta_s=self._estimate_remaining_s(self._epoch, done),
        )

    def _compute_recent_means(self, done: int, logs: dict[str, Any]) -> dict[str, float]:
        """Metrics of the batches since the previous row; Keras reports means over the epoch."""
        means = {key: float(logs[key]) for key in _METRICS if key in logs}
        last, last_means = self._last_batch, self._last_means
        self._last_means = means
        return {
            key: (done * mean - last * last_means.get(key, 0.0)) / max(1, done - last)
            for key, mean in means.items()
        }

    def _estimate_remaining_s(self, epochs_done: int, batches_done: int) -> float:
        """Seconds until the end of the last epoch; -1 if unknown."""
        n_left = (self._epochs - epochs_done) * self._n_batches - batches_done
        return self._remaining_time.estimate_s(n_left)


class UserDigitsCallback(keras.callbacks.Callback):
    """Classifies the user's digits before the first epoch and after each one."""

    def __init__(self, run: Run, network: keras.Model) -> None:
        super().__init__()
        self._run, self._network = run, network
        digits = load_digits(run.directory)
        self._images = None if digits is None else digits[0][..., np.newaxis]

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Classify them with the untrained network."""
        if not read_rows(find_readings_path(self._run.directory))[0]:
            self._classify(0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Classify them again."""
        self._classify(epoch + 1)

    def _classify(self, n_epochs: int) -> None:
        if self._images is None:
            return
        probabilities = np.asarray(self._network(self._images, training=False))
        append_reading(self._run.directory, n_epochs, probabilities)
