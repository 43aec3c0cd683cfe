"""The estimate of the time until a run has trained its last epoch. Must not import Keras."""

from collections import deque
from statistics import median

# Fewer measurements, some of a processor that is still warming up, give wild estimates.
_MIN_MEASUREMENTS = 8
_MAX_MEASUREMENTS = 40
_MAX_EPOCHS = 5


class RemainingTime:
    """Estimates from the median of recent epochs, in the first epoch from that of its batches.

    The first batches are left out: TensorFlow compiles the network in them.
    """

    def __init__(self, n_batches: int) -> None:
        """Take the number of batches in an epoch."""
        self._n_batches = n_batches
        self._warm_up: tuple[int, float] | None = None
        self._batch_s: deque[float] = deque(maxlen=_MAX_MEASUREMENTS)
        self._epoch_s: deque[float] = deque(maxlen=_MAX_EPOCHS)

    def add_batches(self, n: int, seconds: float) -> None:
        """Record how long the last batches took."""
        if self._warm_up is None:
            self._warm_up = n, seconds
        elif n > 0:
            self._batch_s.append(seconds / n)

    def add_epoch(self, seconds: float) -> None:
        """Record how long an epoch took, with its validation."""
        if not self._epoch_s and self._warm_up and self._batch_s:
            n, warm_up_s = self._warm_up
            seconds -= max(0.0, warm_up_s - n * median(self._batch_s))
        self._epoch_s.append(seconds)

    def estimate_s(self, n_left: int) -> float:
        """Seconds for so many more batches; -1 until the estimate is stable."""
        if self._epoch_s:
            return median(self._epoch_s) / self._n_batches * n_left
        if len(self._batch_s) < _MIN_MEASUREMENTS:
            return -1.0
        return median(self._batch_s) * n_left
