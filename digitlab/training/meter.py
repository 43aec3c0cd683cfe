"""How fast training goes and how long it will take. No Keras here."""

import time
from dataclasses import dataclass


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
