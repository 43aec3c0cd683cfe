"""Settings that contradict each other."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import ConfigError
from digitlab.nets.backbones import IMAGENET
from digitlab.nets.registry import NETS
from digitlab.training.fields import WEIGHTS_LABELS

if TYPE_CHECKING:
    from digitlab.training.config import TrainConfig


def _check_sample(config: "TrainConfig") -> None:
    if config.exclude_sample and not get_dataset_spec(config.dataset).base_spec.has_sample:
        raise ConfigError(
            f"exclude_sample is set, but dataset is {config.dataset!r}, which has no sample."
        )


def _check_calibration(config: "TrainConfig") -> None:
    if config.calibrate and not config.validation_split:
        raise ConfigError(
            "calibrate is set, but validation_split is 0. Calibration needs validation data: set "
            "validation_split, 0.1 for example."
        )


def _check_degradation(config: "TrainConfig") -> None:
    if config.degradation and len(get_dataset_spec(config.dataset).image_shape) == 3:
        raise ConfigError(
            f"degradation is {config.degradation}, but dataset is {config.dataset!r}. It applies "
            "to pen strokes, not to colour photos: set degradation to 0."
        )


def _check_transfer(config: "TrainConfig") -> None:
    spec = NETS[config.net]
    if config.init_from == IMAGENET and spec.backbone is None:
        names = ", ".join(one.id for one in NETS.values() if one.backbone)
        raise ConfigError(
            f"init_from is {IMAGENET!r}, but net is {config.net!r}, which has no ImageNet weights. "
            f"Choose one of {names}."
        )
    if not config.frozen_epochs:
        return
    if not config.init_from:
        raise ConfigError(
            f"frozen_epochs is {config.frozen_epochs}, but init_from is {WEIGHTS_LABELS['']}: a "
            "base with random weights would be frozen. Choose a model or ImageNet in init_from."
        )
    if not spec.has_base:
        raise ConfigError(
            f"frozen_epochs is {config.frozen_epochs}, but net is {config.net!r}, which has no "
            "convolutions to freeze. Set frozen_epochs to 0."
        )
    if config.frozen_epochs > config.epochs:
        raise ConfigError(
            f"frozen_epochs is {config.frozen_epochs}, but epochs is {config.epochs}. Set "
            "frozen_epochs to at most epochs."
        )


# Each raises ConfigError, which names the fields, their values and the reason.
CROSS_FIELD_CHECKS: tuple[Callable[["TrainConfig"], None], ...] = (
    _check_sample, _check_calibration, _check_degradation, _check_transfer,
)  # fmt: skip
