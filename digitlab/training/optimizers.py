"""The optimizers; `worker/optimization.py` builds each by its id."""

from dataclasses import dataclass

from digitlab.training.fields import Choice


@dataclass(frozen=True)
class OptimizerSpec(Choice):
    """One optimizer.

    Attributes:
        default_momentum: its momentum if none is set; None if it ignores the setting.
        without_momentum: id of the optimizer that it equals at momentum 0; may be empty.
        without_weight_decay: id of the optimizer that it equals at weight decay 0; may be empty.
    """

    default_momentum: float | None = None
    without_momentum: str = ""
    without_weight_decay: str = ""

    @property
    def uses_momentum(self) -> bool:
        """Whether the momentum setting has an effect."""
        return self.default_momentum is not None


_SPECS = (
    OptimizerSpec("adam", "Adam", "Adapts the step size of each weight; a good first choice."),
    OptimizerSpec(
        "adamw", "AdamW", "Adam with decoupled weight decay.", without_weight_decay="adam"
    ),
    OptimizerSpec(
        "sgd", "SGD", "Plain stochastic gradient descent.",
        r"$w \leftarrow w - \eta \, \nabla L$: $w$ is a weight, $\eta$ the learning rate and "
        r"$\nabla L$ the gradient of the loss over a batch.", default_momentum=0.0,
    ),
    OptimizerSpec(
        "momentum", "SGD with momentum", "Accumulates past gradients.",
        default_momentum=0.9, without_momentum="sgd",
    ),
    OptimizerSpec("rmsprop", "RMSprop", "Divides each step by a running mean of gradient size."),
)  # fmt: skip

OPTIMIZERS: dict[str, OptimizerSpec] = {spec.id: spec for spec in _SPECS}
