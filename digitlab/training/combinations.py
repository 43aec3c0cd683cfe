"""Settings that cannot go together."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import ConfigError

if TYPE_CHECKING:
    from digitlab.training.config import TrainConfig


def check_combinations(config: "TrainConfig") -> None:
    """Refuse settings that contradict each other.

    Raises:
        ConfigError: names both settings and the way out.
    """
    for check in _CHECKS:
        check(config)


def _check_sample(config: "TrainConfig") -> None:
    if config.exclude_sample and not get_dataset_spec(config.dataset).test_spec.has_sample:
        raise ConfigError(
            f"exclude_sample is set, but dataset is {config.dataset!r}, which has no sample."
        )


def _check_calibration(config: "TrainConfig") -> None:
    if config.calibrate and not config.validation_split:
        raise ConfigError(
            "calibrate is set, but validation_split is 0: confidences are calibrated on "
            "validation data. Keep some back, 0.1 for example."
        )


def _check_wear(config: "TrainConfig") -> None:
    if config.wear and len(get_dataset_spec(config.dataset).image_shape) == 3:
        raise ConfigError(
            f"wear is {config.wear}, but dataset is {config.dataset!r}: its colour photos have no "
            "pen to wear. Set wear to 0."
        )


_CHECKS: tuple[Callable[["TrainConfig"], None], ...] = (
    _check_sample, _check_calibration, _check_wear,
)  # fmt: skip
