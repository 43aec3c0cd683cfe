"""The optimizer of a run, from the settings."""

from collections.abc import Callable

import keras
import numpy as np

from digitlab.datasets.registry import get_dataset_spec
from digitlab.nets.summary import compute_layer_table
from digitlab.runs.run import Run
from digitlab.training.config import TrainConfig
from digitlab.training.losses import LOSSES
from digitlab.training.lr_schedules import LR_SCHEDULES, PLATEAU_FACTOR, PLATEAU_PATIENCE
from digitlab.training.optimizers import OPTIMIZERS

_OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
    "momentum": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}

# The name is what the history and all figures know.
_METRIC = "accuracy"

# Multiplications a second of a small machine, forward and backward together; only the order of
# magnitude matters.
_PER_SECOND = 15e9
_REPORT_EVERY_S = 0.1
_MOST = 32


def build_schedule(
    config: TrainConfig, n_steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate that the optimizer is given.

    Args:
        n_steps: how many steps the whole run takes.
    Returns:
        A number for schedules that a callback carries out, or that never change.
    """
    return _SCHEDULE_BUILDERS[config.schedule](config, n_steps)


def _build_constant(config: TrainConfig, _n_steps: int) -> float:
    return config.learning_rate


def _build_exponential_decay(
    config: TrainConfig, n_steps: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    return keras.optimizers.schedules.ExponentialDecay(
        config.learning_rate,
        decay_steps=n_steps,
        decay_rate=LR_SCHEDULES[config.schedule].end_factor,
    )


def _build_warmup_and_cosine_decay(
    config: TrainConfig, n_steps: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    spec = LR_SCHEDULES[config.schedule]
    warmup_steps = max(1, int(n_steps * spec.warmup_fraction))
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate * spec.start_factor,
        warmup_target=config.learning_rate,
        warmup_steps=warmup_steps,
        decay_steps=max(1, n_steps - warmup_steps),
        alpha=spec.end_factor,
    )


# "plateau" is a callback: see `build_schedule_callbacks`.
_SCHEDULE_BUILDERS: dict[
    str,
    Callable[[TrainConfig, int], float | keras.optimizers.schedules.LearningRateSchedule],
] = {
    "constant": _build_constant,
    "exponential": _build_exponential_decay,
    "cosine": _build_warmup_and_cosine_decay,
    "one_cycle": _build_warmup_and_cosine_decay,
    "plateau": _build_constant,
}


def build_schedule_callbacks(
    config: TrainConfig, run: Run, *, monitor: str
) -> list[keras.callbacks.Callback]:
    """What changes the rate, or ends the run, after looking at an epoch's loss.

    Early stopping restores nothing itself: the checkpoint holds the best epoch's weights, and
    those are the ones that are kept.

    Args:
        run: the epochs before a resumption count.
        monitor: the value that is to be small.
    """
    callbacks: list[keras.callbacks.Callback] = []
    if config.schedule == "plateau":
        callbacks.append(
            keras.callbacks.ReduceLROnPlateau(
                monitor=monitor,
                mode="min",
                factor=PLATEAU_FACTOR,
                patience=PLATEAU_PATIENCE,
            )
        )
    if config.early_stopping:
        values = [row[monitor] for row in run.read_history() if monitor in row]
        callbacks.append(
            keras.callbacks.EarlyStopping(
                monitor=monitor,
                mode="min",
                patience=config.early_stopping,
                baseline=min(values, default=None),
            )
        )
    return callbacks


def build_optimizer(config: TrainConfig, n_steps: int) -> keras.optimizers.Optimizer:
    """Build the optimizer of a run.

    Args:
        n_steps: how many steps the whole run takes.
    """
    # AdamW insists on a number, the others take none for no decay.
    decay = config.weight_decay if config.optimizer == "adamw" else config.weight_decay or None
    more = {}
    default_momentum = OPTIMIZERS[config.optimizer].default_momentum
    if default_momentum is not None:
        more["momentum"] = default_momentum if config.momentum is None else config.momentum
    return _OPTIMIZERS[config.optimizer](
        learning_rate=build_schedule(config, n_steps),
        weight_decay=decay,
        use_ema=config.ema_momentum > 0,
        ema_momentum=config.ema_momentum or 0.99,
        **more,
    )


def wants_one_hot(config: TrainConfig) -> bool:
    """Whether labels must be rows of shares; smoothing has no other way to spread them."""
    return LOSSES[config.loss].needs_one_hot or config.label_smoothing > 0


def encode_labels(config: TrainConfig, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Labels as the run's loss takes them.

    Args:
        labels: `(n,)` integers.
    Returns:
        The same, or `(n, n_classes)` float32 rows of zeros with a one.
    """
    if not wants_one_hot(config):
        return labels
    encoded: np.ndarray = keras.utils.to_categorical(labels, n_classes).astype(np.float32)
    return encoded


def build_loss(config: TrainConfig) -> keras.losses.Loss:
    """The loss itself."""
    if config.loss == "mse":
        return keras.losses.MeanSquaredError()
    if wants_one_hot(config):
        return keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)
    return keras.losses.SparseCategoricalCrossentropy()


def build_metric(config: TrainConfig) -> keras.metrics.Metric:
    """The share of right answers, under the same name whatever form the labels have."""
    if wants_one_hot(config):
        return keras.metrics.CategoricalAccuracy(name=_METRIC)
    return keras.metrics.SparseCategoricalAccuracy(name=_METRIC)


def choose_steps_per_execution(config: TrainConfig, n_batches: int) -> int:
    """As many steps as take about a tenth of a second, or as many as the settings say.

    Between two reports nothing but training happens, which is a quarter faster for small networks;
    a large network reports after each step, so that a stop is obeyed at once.

    Args:
        n_batches: how many steps an epoch has.
    """
    if config.steps_per_execution:
        return min(config.steps_per_execution, n_batches)
    spec = get_dataset_spec(config.dataset)
    table = compute_layer_table(
        config.net, spec.image_shape, len(spec.class_names), config.net_options
    )
    step_s = table.n_multiplications * config.batch_size / _PER_SECOND
    return max(1, min(_MOST, n_batches, int(_REPORT_EVERY_S / step_s)))
