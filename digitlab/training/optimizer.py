"""The optimizer and the course of its learning rate, from the settings."""

import keras

from digitlab.training.config import TrainConfig

_OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}
_WARMUP_SHARE = 0.1
_FINAL_SHARE = 0.01


def build_optimizer(config: TrainConfig, n_steps: int) -> keras.optimizers.Optimizer:
    """Build the optimizer of a run.

    Args:
        n_steps: how many steps the whole run takes.
    """
    # AdamW insists on a number, the others take none for no decay.
    decay = config.weight_decay if config.optimizer == "adamw" else config.weight_decay or None
    return _OPTIMIZERS[config.optimizer](
        learning_rate=_build_schedule(config, n_steps),
        weight_decay=decay,
        use_ema=config.ema_momentum > 0,
        ema_momentum=config.ema_momentum or 0.99,
    )


def _build_schedule(
    config: TrainConfig, n_steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    if config.schedule == "constant":
        return config.learning_rate
    warmup = max(1, int(n_steps * _WARMUP_SHARE))
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate * _FINAL_SHARE,
        warmup_target=config.learning_rate,
        warmup_steps=warmup,
        decay_steps=max(1, n_steps - warmup),
        alpha=_FINAL_SHARE,
    )
