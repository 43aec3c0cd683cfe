"""The learning rate range test: what a short training with a rising rate says.

Source: Smith 2015, "Cyclical Learning Rates for Training Neural Networks", section 3.3.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LOWEST_RATE, HIGHEST_RATE = 1e-6, 1.0
N_STEPS = 200
# So much weight has the past in the smoothed loss.
_SMOOTHING = 0.9
# From the lowest loss so far, which is noisy at first.
_N_FIRST, _DIVERGENCE_FACTOR = 20, 3.0
_RISE = 0.25


@dataclass(frozen=True)
class LrRangeResult:
    """The losses of one test.

    Attributes:
        rates: of the steps, rising.
        losses: of the batches.
        smoothed: an average of the last ones.
        steepest: the rate at which the loss falls fastest; None if it does not fall.
        diverging: the rate from which on it rises again; None if it does not.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    smoothed: tuple[float, ...]
    steepest: float | None
    diverging: float | None

    @property
    def suggestion(self) -> float | None:
        """The steepest rate with one digit."""
        if self.steepest is None:
            return None
        return float(f"{self.steepest:.0e}")


def compute_rate(step: int, n_steps: int = N_STEPS) -> float:
    """The learning rate of a step, from 0: equal factors between the lowest and the highest."""
    return LOWEST_RATE * (HIGHEST_RATE / LOWEST_RATE) ** (step / (n_steps - 1))


def has_diverged(losses: Sequence[float]) -> bool:
    """Whether the test can end: the loss is no number, or far above its lowest."""
    if not math.isfinite(losses[-1]):
        return True
    smoothed = _smooth(losses)
    return len(losses) > _N_FIRST and smoothed[-1] > _DIVERGENCE_FACTOR * min(smoothed)


def evaluate_losses(rates: Sequence[float], losses: Sequence[float]) -> LrRangeResult:
    """Find the steepest and the diverging point.

    Args:
        rates, losses: of the steps.
    """
    n = next((k for k, loss in enumerate(losses) if not math.isfinite(loss)), len(losses))
    rates, losses = rates[:n], losses[:n]
    smoothed = _smooth(losses)
    if n <= _N_FIRST:
        return LrRangeResult(tuple(rates), tuple(losses), tuple(smoothed), None, None)
    slopes = np.gradient(smoothed, np.log(rates))
    lowest = int(np.argmin(smoothed))
    fall = smoothed[_N_FIRST] - smoothed[lowest]
    steepest = None
    if lowest > _N_FIRST and fall > 0:
        # Before the lowest loss: what comes later is unstable.
        steepest = rates[_N_FIRST + int(np.argmin(slopes[_N_FIRST : lowest + 1]))]
    limit = smoothed[lowest] + _RISE * max(fall, 0.0)
    after = [k for k in range(lowest, n) if smoothed[k] > limit]
    diverging = rates[after[0]] if after and fall > 0 else None
    return LrRangeResult(tuple(rates), tuple(losses), tuple(smoothed), steepest, diverging)


def _smooth(losses: Sequence[float]) -> list[float]:
    """An exponential average whose first values are not biased towards 0."""
    average, smoothed = 0.0, []
    for k, loss in enumerate(losses, start=1):
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        smoothed.append(average / (1 - _SMOOTHING**k))
    return smoothed
