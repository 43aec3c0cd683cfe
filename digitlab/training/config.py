"""One training run's settings: the same object for the form, the command line and the worker."""

import dataclasses
import math
from dataclasses import dataclass, field, fields
from typing import Any

from digitlab.datasets.registry import DATASETS, get_dataset_spec
from digitlab.errors import ConfigError
from digitlab.nets.registry import NETS


def _number(default: float, low: float, high: float, help_text: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "help": help_text})


def _choice(default: str, choices: tuple[str, ...], help_text: str) -> Any:
    return field(default=default, metadata={"choices": choices, "help": help_text})


def _switch(help_text: str) -> Any:
    return field(default=False, metadata={"help": help_text})


@dataclass(frozen=True)
class TrainConfig:
    """All that decides a training run; each field carries its range.

    Raises:
        ConfigError: a value is of the wrong type or out of its range; the message names the
            field, the value and the range.
    """

    dataset: str = _choice("mnist", tuple(DATASETS), "data to learn from")
    net: str = _choice("simple_cnn", tuple(NETS), "network")
    start_from: str = field(
        default="",
        metadata={
            "text": True,
            "help": "id of a model whose weights to begin with",
        },
    )
    epochs: int = _number(5, 1, 1000, "passes over the training data")
    batch_size: int = _number(64, 1, 4096, "images per step")
    optimizer: str = _choice("adam", ("adam", "adamw", "sgd", "rmsprop"), "rule of the steps")
    learning_rate: float = _number(1e-3, 1e-7, 10.0, "size of the steps, at its peak")
    schedule: str = _choice(
        "constant",
        ("constant", "cosine"),
        "course of the learning rate; cosine warms up over the first tenth",
    )
    weight_decay: float = _number(0.0, 0.0, 1.0, "pull of the weights towards zero, a step")
    ema_momentum: float = _number(
        0.0, 0.0, 0.99999, "share kept in the running average of the weights; 0 takes none"
    )
    augmentation: float = _number(
        0.0, 0.0, 2.0, "strength of random turns, shifts and bends; 0 is none, 1 is usual"
    )
    wear: float = _number(
        0.0, 0.0, 1.0, "share of the images given another pen, less sharpness or a scratch"
    )
    validation_split: float = _number(
        0.1, 0.0, 0.9, "share of the training data kept back to choose the best epoch"
    )
    exclude_sample: bool = _switch("leave the offline sample's digits out of training (MNIST)")
    calibrate: bool = _switch("scale confidences to be honest on the validation data")
    seed: int = _number(0, 0, 2**31 - 1, "start of all random numbers")

    def __post_init__(self) -> None:
        for spec in fields(self):
            _check(spec, getattr(self, spec.name))
        if self.exclude_sample and not get_dataset_spec(self.dataset).test_spec.has_sample:
            raise ConfigError(
                f"exclude_sample is set, but dataset is {self.dataset!r}, which has no sample."
            )
        if self.calibrate and not self.validation_split:
            raise ConfigError(
                "calibrate is set, but validation_split is 0: confidences are calibrated on "
                "validation data. Keep some back, 0.1 for example."
            )

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


def _check(spec: "dataclasses.Field[Any]", value: Any) -> None:
    choices = spec.metadata.get("choices")
    if choices is not None:
        if value not in choices:
            raise ConfigError(f"{spec.name} is {value!r}; it must be one of {', '.join(choices)}.")
    elif spec.metadata.get("text"):
        if not isinstance(value, str):
            raise ConfigError(f"{spec.name} is {value!r}; it must be a model's id, or empty.")
    elif spec.type is bool:
        if not isinstance(value, bool):
            raise ConfigError(f"{spec.name} is {value!r}; it must be true or false.")
    else:
        _check_number(spec, value)


def _check_number(spec: "dataclasses.Field[Any]", value: Any) -> None:
    low, high = spec.metadata["low"], spec.metadata["high"]
    is_whole = spec.type is int
    fits_type = isinstance(value, int if is_whole else int | float) and not isinstance(value, bool)
    if not fits_type or not math.isfinite(value) or not low <= value <= high:
        kind = "a whole number" if is_whole else "a number"
        raise ConfigError(f"{spec.name} is {value!r}; it must be {kind} from {low} to {high}.")
