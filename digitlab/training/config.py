"""One training run's settings: the same object for the form, the command line and the worker."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import ConfigError

if TYPE_CHECKING:
    pass
import dataclasses
from dataclasses import dataclass, fields
from typing import Any

from digitlab.datasets.registry import DATASETS
from digitlab.nets.architectures import NETS
from digitlab.nets.layers import ACTIVATIONS, DEFAULT_CHOICE, NetOptions
from digitlab.training.fields import check_value, choice, number, switch, text

OPTIMIZERS = ("adam", "adamw", "sgd", "momentum", "rmsprop")
SCHEDULES = ("constant", "exponential", "cosine", "one_cycle", "plateau")
LOSSES = ("sparse_categorical_crossentropy", "categorical_crossentropy", "mse")
_AS_STRENGTH = "; left alone, the strength above decides"


def validate_cross_fields(config: "TrainConfig") -> None:
    """Refuse settings that contradict each other.

    Raises:
        ConfigError: names both settings and the way out.
    """
    for check in _CHECKS:
        check(config)


def _check_sample(config: "TrainConfig") -> None:
    if config.exclude_sample and not get_dataset_spec(config.dataset).base_spec.has_sample:
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
    if config.degradation and len(get_dataset_spec(config.dataset).image_shape) == 3:
        raise ConfigError(
            f"degradation is {config.degradation}, but dataset is {config.dataset!r}: "
            "its colour photos have no "
            "pen to change. Set degradation to 0."
        )


_CHECKS: tuple[Callable[["TrainConfig"], None], ...] = (
    _check_sample, _check_calibration, _check_wear,
)  # fmt: skip


@dataclass(frozen=True)
class TrainConfig:
    """All that decides a training run; each field carries its range (see `settings`).

    Raises:
        ConfigError: a value is of the wrong type or out of its range, or two values cannot go
            together; the message names the field, the value and the range or the reason.
    """

    dataset: str = choice(
        "mnist", tuple(DATASETS), "Dataset", "data to learn from", "data", is_basic=True
    )
    training_fraction: float = number(
        1.0, (0.001, 1.0), "Share of the data",
        "share of the training images that is used; validation and test images stay the same",
        "data",
    )  # fmt: skip
    validation_split: float = number(
        0.1, (0.0, 0.9), "Validation split",
        "share of the training data kept back to choose the best epoch", "data",
    )  # fmt: skip
    exclude_sample: bool = switch(
        "Leave the sample out", "leave the offline sample's digits out of training (MNIST)", "data"
    )
    class_weights: str = choice(
        "none", ("none", "balanced"), "Class weights",
        "balanced: an image of a rare class counts for more, so that all classes count the same",
        "data",
    )  # fmt: skip
    net: str = choice("simple_cnn", tuple(NETS), "Network", "network", "network", is_basic=True)
    init_from: str = text("Start from", "id of a model whose weights to begin with", "network")
    activation: str = choice(
        DEFAULT_CHOICE, (DEFAULT_CHOICE, *ACTIVATIONS), "Activation",
        "what hidden layers do with their sums; own: as the network was designed", "network",
    )  # fmt: skip
    batch_norm: str = choice(
        DEFAULT_CHOICE, (DEFAULT_CHOICE, "on", "off"), "Batch normalisation",
        "bring each convolution's outputs to one scale; own: as the network was designed",
        "network",
    )  # fmt: skip
    epochs: int = number(
        5, (1, 1000), "Epochs", "passes over the training data", "learning", is_basic=True
    )
    batch_size: int = number(
        64, (1, 4096), "Batch size", "images per step", "learning", is_basic=True
    )
    optimizer: str = choice(
        "adam", OPTIMIZERS, "Optimizer",
        "rule of the steps; momentum is sgd that keeps rolling", "learning", is_basic=True,
    )  # fmt: skip
    learning_rate: float = number(
        1e-3, (1e-7, 10.0), "Learning rate", "size of the steps, at its peak", "learning",
        is_basic=True,
    )  # fmt: skip
    momentum: float | None = number(
        None, (0.0, 0.999), "Momentum",
        "share of the last step that goes into the next (sgd and momentum); left alone, 0 with "
        "sgd and 0.9 with momentum", "learning",
    )  # fmt: skip
    schedule: str = choice(
        "constant", SCHEDULES, "Schedule",
        "course of the learning rate; cosine warms up over the first tenth, one_cycle over the "
        "first third, plateau lowers it when the validation loss no longer falls", "learning",
    )  # fmt: skip
    loss: str = choice(
        "sparse_categorical_crossentropy", LOSSES, "Loss",
        "what is made small: cross-entropy of class numbers, of one-hot labels, or the mean "
        "squared error for comparison", "learning",
    )  # fmt: skip
    label_smoothing: float = number(
        0.0, (0.0, 0.5), "Label smoothing",
        "share of each label spread over all classes, so that the network is less sure",
        "regularisation",
    )  # fmt: skip
    dropout: float | None = number(
        None, (0.0, 0.9), "Dropout",
        "share of values dropped before the last layer; left alone, as the network was designed",
        "regularisation",
    )  # fmt: skip
    l1: float = number(
        0.0, (0.0, 1.0), "L1", "penalty on the size of the weights; makes many of them zero",
        "regularisation",
    )  # fmt: skip
    l2: float = number(
        0.0, (0.0, 1.0), "L2", "penalty on the square of the weights; keeps all of them small",
        "regularisation",
    )  # fmt: skip
    weight_decay: float = number(
        0.0, (0.0, 1.0), "Weight decay", "pull of the weights towards zero, a step",
        "regularisation",
    )  # fmt: skip
    ema_momentum: float = number(
        0.0, (0.0, 0.99999), "Averaged weights (EMA)",
        "share kept in the running average of the weights; 0 takes none", "regularisation",
    )  # fmt: skip
    early_stopping: int = number(
        0, (0, 1000), "Early stopping",
        "epochs without a better validation loss after which training ends; 0 never ends it early",
        "regularisation",
    )  # fmt: skip
    augmentation: float = number(
        0.0, (0.0, 2.0), "Augmentation",
        "strength of random turns, shifts and bends; 0 is none, 1 is usual", "augmentation",
    )  # fmt: skip
    rotation_deg: float | None = number(
        None, (0.0, 180.0), "Rotation", f"largest turn in degrees{_AS_STRENGTH}", "augmentation"
    )
    shift_px: float | None = number(
        None, (0.0, 14.0), "Shift", f"largest shift in pixels{_AS_STRENGTH}", "augmentation"
    )
    zoom: float | None = number(
        None, (0.0, 0.9), "Zoom", f"largest change of size; 0.1 is 10 %{_AS_STRENGTH}",
        "augmentation",
    )  # fmt: skip
    shear: float | None = number(
        None, (0.0, 1.0), "Shear", f"largest slant; 0.16 is 9 degrees{_AS_STRENGTH}", "augmentation"
    )
    elastic: float | None = number(
        None, (0.0, 4.0), "Elastic", f"size of smooth bends in pixels{_AS_STRENGTH}", "augmentation"
    )
    flip: bool = switch(
        "Flip", "mirror half of the images left to right; for photos", "augmentation"
    )
    degradation: float = number(
        0.0, (0.0, 1.0), "Wear",
        "share of the images given another pen, less sharpness or a scratch", "augmentation",
    )  # fmt: skip
    calibrate: bool = switch(
        "Calibrate", "scale confidences to be honest on the validation data", "run"
    )
    steps_per_execution: int = number(
        0, (0, 512), "Steps at a time",
        "steps between two reports; more is a little faster; 0 lets the worker choose", "run",
    )  # fmt: skip
    seed: int = number(0, (0, 2**31 - 1), "Seed", "start of all random numbers", "run")

    def __post_init__(self) -> None:
        for spec in fields(self):
            check_value(spec, getattr(self, spec.name))
        validate_cross_fields(self)

    @property
    def net_options(self) -> NetOptions:
        """What departs from the network's own design."""
        return NetOptions(self.activation, self.dropout, self.l1, self.l2, self.batch_norm)

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "TrainConfig":
        """Build a config from plain values; fields left out take their defaults.

        Raises:
            ConfigError: an unknown field, or a bad value.
        """
        known = {spec.name for spec in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(
                f"{', '.join(unknown)}: no such setting; there are {', '.join(sorted(known))}."
            )
        return cls(**values)

    def format_command(self) -> str:
        """The command that repeats this run: only what differs from the defaults."""
        words = ["python -m digitlab train"]
        for spec in fields(self):
            value = getattr(self, spec.name)
            flag = "--" + spec.name.replace("_", "-")
            if value is True:
                words.append(flag)
            elif value != spec.default or spec.name == "net":
                words.append(f"{flag} {value}")
        return " ".join(words)
