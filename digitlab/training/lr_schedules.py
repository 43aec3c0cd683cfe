"""The learning rate's course over a run, without Keras: for `schedules`, for doubts and figures."""

import numpy as np

from digitlab.training.config import TrainConfig

# Cosine: a linear warm-up over the first tenth from a hundredth, down to a hundredth again.
COSINE_WARMUP = 0.1
COSINE_BEGIN = COSINE_END = 0.01
# One cycle: up over the first 30 %, then down to almost nothing (Smith and Topin 2017, with the
# shares of fastai and PyTorch).
ONE_CYCLE_WARMUP = 0.3
ONE_CYCLE_BEGIN, ONE_CYCLE_END = 1 / 25, 1e-4
EXPONENTIAL_END = 0.01
# Plateau: after so many epochs without a better loss, a third of the rate.
PLATEAU_PATIENCE = 2
PLATEAU_FACTOR = 1 / 3


def compute_rates(config: TrainConfig, n_points: int = 200) -> np.ndarray:
    """The learning rate from the first step to the last, as planned.

    Args:
        n_points: how many points of the run, evenly spread.
    Returns:
        `(n_points,)` float64. For "plateau" the rate at the start: what follows depends on the
        losses.
    """
    place = np.linspace(0, 1, n_points)
    match config.schedule:
        case "exponential":
            shares = EXPONENTIAL_END**place
        case "cosine":
            shares = _rise_and_fall(place, COSINE_WARMUP, COSINE_BEGIN, COSINE_END)
        case "one_cycle":
            shares = _rise_and_fall(place, ONE_CYCLE_WARMUP, ONE_CYCLE_BEGIN, ONE_CYCLE_END)
        case _:
            shares = np.ones(n_points)
    return config.learning_rate * shares


def _rise_and_fall(place: np.ndarray, warmup: float, begin: float, end: float) -> np.ndarray:
    """Linearly up to 1, then down half a cosine, as Keras's `CosineDecay` does it."""
    rise = begin + (1 - begin) * place / warmup
    fallen = np.clip((place - warmup) / (1 - warmup), 0, 1)
    fall = end + (1 - end) * (1 + np.cos(np.pi * fallen)) / 2
    return np.where(place < warmup, rise, fall)
