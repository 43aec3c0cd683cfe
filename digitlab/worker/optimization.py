"""Optimizer, learning rate schedule, loss and metric of a run."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np

from digitlab.datasets.registry import get_dataset_spec
from digitlab.nets.summary import compute_layer_table
from digitlab.runs.run import Run
from digitlab.training.config import TrainConfig
from digitlab.training.lr_schedules import LR_SCHEDULES, PLATEAU_FACTOR, PLATEAU_PATIENCE
from digitlab.training.optimizers import OPTIMIZERS
from digitlab.training.phases import Phase

# The name in the history.
_METRIC = "accuracy"

# Multiplications per second of two slow cores, forward and backward together; only the order of
# magnitude matters.
_MULTIPLICATIONS_PER_S = 15e9
_EXECUTION_S = 0.1
_MAX_STEPS_PER_EXECUTION = 32


def compile_model(model: keras.Model, config: TrainConfig, *, n_images: int) -> None:
    """Compile a model for training.

    Args:
        n_images: number of training images.
    """
    n_batches = -(-n_images // config.batch_size)
    model.compile(
        # Schedules span the epochs of the config. Epochs added by a resume continue at the final
        # rate; a schedule stretched over all of them would raise it again.
        optimizer=build_optimizer(config, n_batches * config.epochs),
        loss=build_loss(config),
        metrics=[build_metric(config)],
        steps_per_execution=choose_steps_per_execution(config, n_batches),
    )
    # Otherwise Keras builds it while TensorFlow traces the training step, which is then traced
    # twice: a second more until the first batch.
    model.optimizer.build(model.trainable_variables)


def build_schedule(
    config: TrainConfig, n_steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate for the optimizer.

    Args:
        n_steps: number of training steps in the whole run.
    Returns:
        A number for "constant", and for "plateau", which a callback carries out.
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


# "plateau" is a callback: see `build_loss_monitors`.
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


def build_loss_monitors(phase: Phase, run: Run, *, monitor: str) -> list[keras.callbacks.Callback]:
    """The callbacks that lower the learning rate or end the run when the loss stops falling.

    Args:
        run: its history in this phase counts, so that a resumed run behaves as if it had never
            stopped.
        monitor: the loss to look at.
    """
    config = phase.config
    losses = [row[monitor] for row in run.read_history()[phase.begin :] if monitor in row]
    callbacks: list[keras.callbacks.Callback] = []
    if config.schedule == "plateau":
        callbacks.append(ResumablePlateau(losses, monitor=monitor))
    if config.early_stopping:
        # It restores no weights: the best ones are in a file.
        callbacks.append(
            ResumableEarlyStopping(losses, monitor=monitor, patience=config.early_stopping)
        )
    return callbacks


class ResumablePlateau(keras.callbacks.ReduceLROnPlateau):
    """Keras's callback, continued after earlier epochs."""

    def __init__(self, losses: Iterable[float], *, monitor: str) -> None:
        super().__init__(
            monitor=monitor, mode="min", factor=PLATEAU_FACTOR, patience=PLATEAU_PATIENCE
        )
        self._losses = losses

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Restore the counters; the learning rate itself is in the checkpoint."""
        super().on_train_begin(logs)
        self.best, self.wait = count_epochs_without_progress(
            self._losses, self.patience, self.min_delta
        )


class ResumableEarlyStopping(keras.callbacks.EarlyStopping):
    """Keras's callback, continued after earlier epochs."""

    def __init__(self, losses: Iterable[float], *, monitor: str, patience: int) -> None:
        super().__init__(monitor=monitor, mode="min", patience=patience)
        self._losses = losses

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Restore the counters. After an early stop, they begin again at 0."""
        super().on_train_begin(logs)
        self.best, self.wait = count_epochs_without_progress(
            self._losses, self.patience, self.min_delta
        )


def count_epochs_without_progress(
    losses: Iterable[float], patience: int, min_delta: float
) -> tuple[float | None, int]:
    """The counters of Keras's callbacks after these epochs.

    Args:
        patience: after so many epochs without progress, counting begins again.
        min_delta: how much lower a loss must be to count as progress.
    Returns:
        The lowest loss, None without any, and the number of epochs since.
    """
    best, wait = math.inf, 0
    for loss in losses:
        if loss < best - abs(min_delta):
            best, wait = loss, 0
        else:
            wait = (wait + 1) % patience
    return (best if math.isfinite(best) else None), wait


def build_optimizer(config: TrainConfig, n_steps: int) -> keras.optimizers.Optimizer:
    """Build the optimizer of a run.

    Args:
        n_steps: number of training steps in the whole run.
    """
    spec = OPTIMIZERS[config.optimizer]
    # Optimizers made for weight decay require a number; for the others, None turns it off.
    decay = config.weight_decay if spec.without_weight_decay else config.weight_decay or None
    arguments = {}
    if spec.default_momentum is not None:
        is_default = config.momentum is None
        arguments["momentum"] = spec.default_momentum if is_default else config.momentum
    return getattr(keras.optimizers, spec.keras_class)(
        learning_rate=build_schedule(config, n_steps),
        weight_decay=decay,
        use_ema=config.ema_momentum > 0,
        ema_momentum=config.ema_momentum or 0.99,
        **arguments,
    )


def encode_labels(config: TrainConfig, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Labels in the form that the run's loss takes.

    Args:
        labels: `(n,)` integers.
    Returns:
        The same, or `(n, n_classes)` float32 one-hot rows.
    """
    if not config.needs_one_hot:
        return labels
    encoded: np.ndarray = keras.utils.to_categorical(labels, n_classes).astype(np.float32)
    return encoded


def build_loss(config: TrainConfig) -> keras.losses.Loss:
    """Build the loss of a run."""
    return _LOSS_BUILDERS[config.loss](config)


def _build_crossentropy(config: TrainConfig) -> keras.losses.Loss:
    if config.needs_one_hot:
        return keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)
    return keras.losses.SparseCategoricalCrossentropy()


def _build_mse(_config: TrainConfig) -> keras.losses.Loss:
    return keras.losses.MeanSquaredError()


_LOSS_BUILDERS: dict[str, Callable[[TrainConfig], keras.losses.Loss]] = {
    "sparse_categorical_crossentropy": _build_crossentropy,
    "categorical_crossentropy": _build_crossentropy,
    "mse": _build_mse,
}


def build_metric(config: TrainConfig) -> keras.metrics.Metric:
    """The accuracy, under the same name for both forms of labels."""
    if config.needs_one_hot:
        return keras.metrics.CategoricalAccuracy(name=_METRIC)
    return keras.metrics.SparseCategoricalAccuracy(name=_METRIC)


def choose_steps_per_execution(config: TrainConfig, n_batches: int) -> int:
    """As many training steps as take about 0.1 seconds, or as many as the settings say.

    Keras calls no callback between them, which makes small networks about a quarter faster. A
    large network takes one step at a time, so that a stop takes effect at once. The head of a
    frozen base is small.

    Args:
        n_batches: steps in an epoch.
    """
    if config.steps_per_execution:
        return min(config.steps_per_execution, n_batches)
    if config.frozen_epochs:
        return min(_MAX_STEPS_PER_EXECUTION, n_batches)
    spec = get_dataset_spec(config.dataset)
    table = compute_layer_table(
        config.net, spec.image_shape, len(spec.class_names), config.net_options
    )
    step_s = table.n_multiplications * config.batch_size / _MULTIPLICATIONS_PER_S
    return max(1, min(_MAX_STEPS_PER_EXECUTION, n_batches, int(_EXECUTION_S / step_s)))
