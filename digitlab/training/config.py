"""The settings of one training run: one object for the form, the command line and the worker."""

import dataclasses
from dataclasses import dataclass, fields
from typing import Any

from digitlab.errors import ConfigError
from digitlab.nets.layers import ACTIVATIONS, CONVOLUTION_FORMULA, DEFAULT_CHOICE, NetOptions
from digitlab.nets.registry import NETS
from digitlab.training.config_checks import CROSS_FIELD_CHECKS
from digitlab.training.fields import (
    WEIGHTS_LABELS,
    Choice,
    boolean,
    check_value,
    choice,
    dataset,
    model,
    number,
)
from digitlab.training.losses import LOSSES
from digitlab.training.lr_schedules import LR_SCHEDULES
from digitlab.training.optimizers import OPTIMIZERS

_DEFAULT_OF_NET = Choice(DEFAULT_CHOICE, "Default", "As the network is defined.")
_FROM_STRENGTH = "Default: follows from the augmentation strength."


@dataclass(frozen=True)
class TrainConfig:
    """All settings of a training run; each field carries its range, label and help.

    Raises:
        ConfigError: a value has the wrong type or is out of range, or two values contradict each
            other; the message names the field, the value, and the range or the reason.
    """

    dataset: str = dataset(
        "mnist", "Data set", "The images to train on.", "data", is_basic=True
    )  # fmt: skip
    training_fraction: float = number(
        1.0, (0.001, 1.0), "Training fraction",
        "Fraction of the training images to use. Validation and test images stay the same.",
        "data",
    )  # fmt: skip
    validation_split: float = number(
        0.1, (0.0, 0.9), "Validation split",
        "Fraction of the training data held out to choose the best epoch.", "data",
    )  # fmt: skip
    exclude_sample: bool = boolean(
        "Exclude offline sample",
        "Do not train on the digits of the offline sample, so that they can serve as test data "
        "(MNIST only).",
        "data",
    )
    class_weights: str = choice(
        "none",
        (
            Choice("none", "None", "Every image has the same weight."),
            Choice("balanced", "Balanced", "Images of rare classes have larger weights."),
        ),
        "Class weights", "Weights of the images in the loss, by class.", "data",
    )  # fmt: skip
    net: str = choice(
        "simple_cnn", (Choice(spec.id, spec.label, spec.blurb) for spec in NETS.values()),
        "Network", "The layers through which an image passes; the preview lists them.",
        "network", formula=CONVOLUTION_FORMULA, is_basic=True,
    )  # fmt: skip
    init_from: str = model(
        "Initial weights",
        "Random weights, or those of a stored model or of ImageNet, which learns faster from few "
        "images (transfer learning). ImageNet weights exist for the networks made for transfer "
        "learning.",
        "network", labels=WEIGHTS_LABELS,
    )  # fmt: skip
    frozen_epochs: int = number(
        0, (0, 1000), "Frozen epochs",
        "In so many epochs at first, only the head (the last layers) learns, on features that the "
        "frozen base computes once, without augmentation. The epochs after them fine-tune all "
        "layers. 0 trains all layers from the start.",
        "network",
    )  # fmt: skip
    fine_tuning_factor: float = number(
        0.1, (0.0001, 1.0), "Fine-tuning rate",
        "After the frozen epochs, the learning rate is multiplied by this: large steps would "
        "destroy what the base has learned.",
        "network",
    )  # fmt: skip
    activation: str = choice(
        DEFAULT_CHOICE,
        (
            _DEFAULT_OF_NET,
            *(Choice(name, one.label, formula=one.formula) for name, one in ACTIVATIONS.items()),
        ),
        "Activation",
        "The function that follows each convolution and dense layer but the last. Without one, "
        "the whole network would be linear.",
        "network",
        formula="In the formulas, $z$ is the weighted sum of a unit's inputs.",
    )  # fmt: skip
    batch_norm: str = choice(
        DEFAULT_CHOICE, (_DEFAULT_OF_NET, Choice("on", "On"), Choice("off", "Off")),
        "Batch normalisation",
        "Shifts and scales the outputs of every convolution to mean 0 and variance 1 over the "
        "batch, which allows higher learning rates.",
        "network",
        formula=r"$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}$: $\mu$ and $\sigma^2$ are "
        r"the mean and variance of the batch, $\epsilon$ a small constant.",
    )  # fmt: skip
    epochs: int = number(
        5, (1, 1000), "Epochs",
        "How often each training image is used. Too few underfit, too many may overfit; the best "
        "epoch is kept.", "learning", is_basic=True,
    )  # fmt: skip
    batch_size: int = number(
        64, (1, 4096), "Batch size",
        "Images per training step. Larger batches train faster and need a higher learning rate.",
        "learning", is_basic=True,
    )  # fmt: skip
    optimizer: str = choice(
        "adam", OPTIMIZERS.values(), "Optimizer",
        "The rule by which the gradient of the loss changes the weights.",
        "learning", is_basic=True,
    )  # fmt: skip
    learning_rate: float = number(
        1e-3, (1e-7, 10.0), "Learning rate",
        "How far the optimizer moves the weights in one step; a schedule varies it, with "
        "this value as its maximum. Too high diverges, too low learns slowly.",
        "learning", is_basic=True,
    )  # fmt: skip
    momentum: float | None = number(
        None, (0.0, 0.999), "Momentum",
        "Fraction of the previous update added to the next. Default: "
        + ", ".join(
            f"{spec.default_momentum:g} with {spec.label}"
            for spec in OPTIMIZERS.values()
            if spec.default_momentum is not None
        )
        + ". The other optimizers ignore it.",
        "learning",
    )  # fmt: skip
    schedule: str = choice(
        "constant", LR_SCHEDULES.values(), "Learning rate schedule",
        "Large steps at first and small ones at the end usually give the best result.", "learning",
    )  # fmt: skip
    loss: str = choice(
        "sparse_categorical_crossentropy", LOSSES.values(), "Loss",
        "How wrong a prediction is, as the number that training minimises.", "learning",
    )  # fmt: skip
    teacher: str = model(
        "Teacher",
        "A stored model for the same classes (on the command line several, separated by commas): "
        "half of each label is its probabilities for the image, averaged over its shifts by a "
        "pixel (distillation).",
        "learning", labels={"": "none"},
    )  # fmt: skip
    label_smoothing: float = number(
        0.0, (0.0, 0.5), "Label smoothing",
        "Fraction of each label spread evenly over all classes. Reduces overconfidence.",
        "regularisation",
    )  # fmt: skip
    dropout: float | None = number(
        None, (0.0, 0.9), "Dropout",
        "Fraction of the values before the last layer that each training step sets to 0, so that "
        "no unit relies on another. Default: as the network is defined.",
        "regularisation",
    )  # fmt: skip
    l1: float = number(
        0.0, (0.0, 1.0), "L1", "A penalty in the loss that makes many weights zero.",
        "regularisation",
        formula=r"$\lambda \sum_i |w_i|$: $\lambda$ is this setting, $w_i$ are the weights.",
    )  # fmt: skip
    l2: float = number(
        0.0, (0.0, 1.0), "L2", "A penalty in the loss that keeps all weights small.",
        "regularisation",
        formula=r"$\lambda \sum_i w_i^2$: $\lambda$ is this setting, $w_i$ are the weights.",
    )  # fmt: skip
    weight_decay: float = number(
        0.0, (0.0, 1.0), "Weight decay",
        "Fraction, times the learning rate, by which every step shrinks the weights.",
        "regularisation",
    )  # fmt: skip
    ema_momentum: float = number(
        0.0, (0.0, 0.99999), "EMA momentum",
        "Keep an exponential moving average of the weights and use it as the model. 0 turns it "
        "off.", "regularisation",
    )  # fmt: skip
    early_stopping: int = number(
        0, (0, 1000), "Early stopping patience",
        "End training after this many epochs without a lower validation loss. 0 turns it off.",
        "regularisation",
    )  # fmt: skip
    augmentation: float = number(
        0.0, (0.0, 2.0), "Augmentation strength",
        "Strength of random rotation, shift, zoom, shear and elastic deformation. 0 turns it off; "
        "1 suits digits.", "augmentation",
    )  # fmt: skip
    rotation_deg: float | None = number(
        None, (0.0, 180.0), "Rotation", f"Maximum rotation in degrees. {_FROM_STRENGTH}",
        "augmentation",
    )  # fmt: skip
    shift_px: float | None = number(
        None, (0.0, 14.0), "Shift", f"Maximum shift in pixels. {_FROM_STRENGTH}", "augmentation",
    )  # fmt: skip
    zoom: float | None = number(
        None, (0.0, 0.9), "Zoom", f"Maximum scaling; 0.1 is 10 %. {_FROM_STRENGTH}",
        "augmentation",
    )  # fmt: skip
    shear: float | None = number(
        None, (0.0, 1.0), "Shear", f"Maximum shear; 0.16 is 9 degrees. {_FROM_STRENGTH}",
        "augmentation",
    )  # fmt: skip
    elastic: float | None = number(
        None, (0.0, 4.0), "Elastic deformation",
        f"Standard deviation of the displacement in pixels. {_FROM_STRENGTH}", "augmentation",
    )  # fmt: skip
    flip: bool = boolean(
        "Horizontal flip", "Mirror half of the images left to right. For photos.", "augmentation"
    )
    degradation: float = number(
        0.0, (0.0, 1.0), "Degradation",
        "Fraction of the images drawn with a thicker, thinner or fainter pen, blurred or "
        "scratched.", "augmentation",
    )  # fmt: skip
    calibrate: bool = boolean(
        "Calibrate confidence",
        "After training, divides the logits by one temperature, chosen on the validation data, so "
        "that of the predictions made with 80 % confidence about 80 % are correct.",
        "run",
    )
    steps_per_execution: int = number(
        0, (0, 512), "Logging interval",
        "Training steps between two updates of the curves. More is slightly faster; 0 is the "
        "default, which follows from the size of the network.",
        "run",
    )  # fmt: skip
    seed: int = number(
        0, (0, 2**31 - 1), "Seed",
        "Start of the random numbers for initial weights, shuffling and augmentation: the same "
        "seed repeats the run, another one shows how much is chance.", "run",
    )  # fmt: skip

    def __post_init__(self) -> None:
        for spec in fields(self):
            check_value(spec, getattr(self, spec.name))
        for check in CROSS_FIELD_CHECKS:
            check(self)

    @property
    def net_options(self) -> NetOptions:
        """The changes to the network's design."""
        return NetOptions(
            activation=self.activation,
            dropout=self.dropout,
            l1=self.l1,
            l2=self.l2,
            batch_norm=self.batch_norm,
        )

    @property
    def needs_one_hot(self) -> bool:
        """Whether labels must be one-hot rows; label smoothing and a teacher need them as well."""
        return LOSSES[self.loss].needs_one_hot or self.label_smoothing > 0 or bool(self.teacher)

    @property
    def teachers(self) -> list[str]:
        """The ids of the models that teach it."""
        return [name.strip() for name in self.teacher.split(",") if name.strip()]

    def to_json(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "TrainConfig":
        """Build a config from plain values; missing fields take their defaults.

        Raises:
            ConfigError: unknown field or invalid value.
        """
        known = {spec.name for spec in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ConfigError(
                f"{', '.join(unknown)}: no such setting. Settings: {', '.join(sorted(known))}."
            )
        return cls(**values)

    def format_command(self) -> str:
        """The command that repeats this run; only settings that differ from the defaults."""
        parts = ["python -m digitlab train"]
        for spec in fields(self):
            value = getattr(self, spec.name)
            flag = "--" + spec.name.replace("_", "-")
            if value is True:
                parts.append(flag)
            elif value != spec.default or spec.name == "net":
                parts.append(f"{flag} {value}")
        return " ".join(parts)
