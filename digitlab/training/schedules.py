"""The course of the learning rate as Keras's schedules and callbacks; `course` has the numbers."""

import keras

from digitlab.runs import Run
from digitlab.training import course
from digitlab.training.config import TrainConfig


def build_schedule(
    config: TrainConfig, n_steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate that the optimizer is given.

    Args:
        n_steps: how many steps the whole run takes.
    Returns:
        A number for schedules that a callback carries out, or that never change.
    """
    match config.schedule:
        case "exponential":
            return keras.optimizers.schedules.ExponentialDecay(
                config.learning_rate, decay_steps=n_steps, decay_rate=course.EXPONENTIAL_END
            )
        case "cosine":
            return _rise_and_fall(
                config, n_steps, course.COSINE_WARMUP, course.COSINE_BEGIN, course.COSINE_END
            )
        case "one_cycle":
            return _rise_and_fall(
                config,
                n_steps,
                course.ONE_CYCLE_WARMUP,
                course.ONE_CYCLE_BEGIN,
                course.ONE_CYCLE_END,
            )
        case _:
            return config.learning_rate


def _rise_and_fall(
    config: TrainConfig, n_steps: int, warmup: float, begin: float, end: float
) -> keras.optimizers.schedules.LearningRateSchedule:
    warmup_steps = max(1, int(n_steps * warmup))
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate * begin,
        warmup_target=config.learning_rate,
        warmup_steps=warmup_steps,
        decay_steps=max(1, n_steps - warmup_steps),
        alpha=end,
    )


def build_course_callbacks(
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
                factor=course.PLATEAU_FACTOR,
                patience=course.PLATEAU_PATIENCE,
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
