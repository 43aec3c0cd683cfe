"""The phases of a run: one, or with transfer learning a frozen base and then fine-tuning."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from digitlab.training.config import TrainConfig

_MIN_LEARNING_RATE = 1e-7


@dataclass(frozen=True)
class Phase:
    """Some successive epochs of a run.

    Attributes:
        begin, end: complete epochs before it and after it.
        is_frozen: whether the base keeps its weights and only the head learns.
        config: the run's settings with the learning rate and the planned epochs of this phase.
    """

    begin: int
    end: int
    is_frozen: bool
    config: TrainConfig


def list_phases(config: TrainConfig, epochs: int) -> list[Phase]:
    """The phases of a run, in order.

    Args:
        epochs: of the whole run; a resume may have added some, which continue the last phase.
    """
    return list(_build_phases(config, epochs))


def find_switch_epoch(config: TrainConfig) -> int | None:
    """The last epoch with a frozen base, if fine-tuning follows."""
    return config.frozen_epochs if 0 < config.frozen_epochs < config.epochs else None


def _build_phases(config: TrainConfig, epochs: int) -> Iterator[Phase]:
    switch = find_switch_epoch(config)
    if switch is None:
        yield Phase(0, epochs, config.frozen_epochs > 0, config)
        return
    # Early stopping would end the run before it is fine-tuned.
    yield Phase(0, switch, True, replace(config, epochs=switch, early_stopping=0))
    learning_rate = max(_MIN_LEARNING_RATE, config.learning_rate * config.fine_tuning_factor)
    yield Phase(
        switch,
        epochs,
        False,
        replace(
            config, epochs=config.epochs - switch, frozen_epochs=0, learning_rate=learning_rate
        ),
    )
