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
        r"$L = -\log p_y$: $p_y$ is the predicted probability of the true class $y$.",
        needs_one_hot=False,
    ),
    LossSpec(
        "categorical_crossentropy", "Cross-entropy, one-hot labels",
        "The same value, computed from one-hot labels.",
        r"$L = -\sum_{k=1}^{K} y_k \log p_k$: $y_k$ is 1 for the true class and 0 for the other "
        r"classes, $p_k$ the predicted probability of class $k$.",
    ),
    LossSpec(
        "mse", "Mean squared error", "For comparison; it learns more slowly.",
        r"$L = \frac{1}{K} \sum_{k=1}^{K} (y_k - p_k)^2$, with the same symbols and $K$ classes.",
        supports_label_smoothing=False,
    ),
)  # fmt: skip

LOSSES: dict[str, LossSpec] = {spec.id: spec for spec in _SPECS}
