"""The optimizer of a run, from the settings."""

import keras

from digitlab.training.config import TrainConfig
from digitlab.training.schedules import build_schedule

_OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
    "momentum": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}
_OWN_MOMENTUM = {"sgd": 0.0, "momentum": 0.9}


def build_optimizer(config: TrainConfig, n_steps: int) -> keras.optimizers.Optimizer:
    """Build the optimizer of a run.

    Args:
        n_steps: how many steps the whole run takes.
    """
    # AdamW insists on a number, the others take none for no decay.
    decay = config.weight_decay if config.optimizer == "adamw" else config.weight_decay or None
    more = {}
    if config.optimizer in _OWN_MOMENTUM:
        own = _OWN_MOMENTUM[config.optimizer]
        more["momentum"] = own if config.momentum is None else config.momentum
    return _OPTIMIZERS[config.optimizer](
        learning_rate=build_schedule(config, n_steps),
        weight_decay=decay,
        use_ema=config.ema_momentum > 0,
        ema_momentum=config.ema_momentum or 0.99,
        **more,
    )
