"""The loss functions; `worker/optimization.py` builds each by its id."""

from dataclasses import dataclass

from digitlab.training.fields import Choice


@dataclass(frozen=True)
class LossSpec(Choice):
    """One loss function.

    Attributes:
        needs_one_hot: whether labels must be one-hot rows rather than class numbers.
        supports_label_smoothing: whether the label smoothing setting has an effect.
    """

    needs_one_hot: bool = True
    supports_label_smoothing: bool = True


_SPECS = (
    LossSpec(
        "sparse_categorical_crossentropy", "Cross-entropy", "Labels are class numbers.",
        needs_one_hot=False,
    ),
    LossSpec(
        "categorical_crossentropy", "Cross-entropy, one-hot labels",
        "The same value, computed from one-hot labels.",
    ),
    LossSpec(
        "mse", "Mean squared error", "For comparison; it learns more slowly.",
        supports_label_smoothing=False,
    ),
)  # fmt: skip

LOSSES: dict[str, LossSpec] = {spec.id: spec for spec in _SPECS}
