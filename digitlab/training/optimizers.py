"""The optimizers, by the names of their Keras classes."""

from dataclasses import dataclass

from digitlab.training.fields import Choice


@dataclass(frozen=True)
class OptimizerSpec(Choice):
    """One optimizer.

    Attributes:
        keras_class: its name in `keras.optimizers`.
        default_momentum: its momentum if none is set; None if it ignores the setting.
        without_momentum: id of the optimizer that it equals at momentum 0; may be empty.
        without_weight_decay: id of the optimizer that it equals at weight decay 0; may be empty.
    """

    keras_class: str = ""
    default_momentum: float | None = None
    without_momentum: str = ""
    without_weight_decay: str = ""

    @property
    def uses_momentum(self) -> bool:
        """Whether the momentum setting has an effect."""
        return self.default_momentum is not None


_SPECS = (
    OptimizerSpec(
        "adam", "Adam", "Adapts the step size of each weight; a good first choice.",
        keras_class="Adam",
    ),
    OptimizerSpec(
        "adamw", "AdamW", "Adam with decoupled weight decay.", keras_class="AdamW",
        without_weight_decay="adam",
    ),
    OptimizerSpec(
        "sgd", "SGD", "Plain stochastic gradient descent.",
        r"$w \leftarrow w - \eta \, \nabla L$: $w$ is a weight, $\eta$ the learning rate and "
        r"$\nabla L$ the gradient of the loss over a batch.",
        keras_class="SGD", default_momentum=0.0,
    ),
    OptimizerSpec(
        "momentum", "SGD with momentum", "Accumulates past gradients.",
        keras_class="SGD", default_momentum=0.9, without_momentum="sgd",
    ),
    OptimizerSpec(
        "rmsprop", "RMSprop", "Divides each step by a running mean of gradient size.",
        keras_class="RMSprop",
    ),
)  # fmt: skip

OPTIMIZERS: dict[str, OptimizerSpec] = {spec.id: spec for spec in _SPECS}
