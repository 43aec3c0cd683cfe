"""The loss of a run, and labels in the form it takes."""

import keras
import numpy as np

from digitlab.training.config import TrainConfig

# The name is what the history and all figures know.
_METRIC = "accuracy"


def wants_one_hot(config: TrainConfig) -> bool:
    """Whether labels must be rows of shares; smoothing has no other way to spread them."""
    return config.loss != "sparse_categorical_crossentropy" or config.label_smoothing > 0


def encode_labels(config: TrainConfig, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Labels as the run's loss takes them.

    Args:
        labels: `(n,)` integers.
    Returns:
        The same, or `(n, n_classes)` float32 rows of zeros with a one.
    """
    if not wants_one_hot(config):
        return labels
    encoded: np.ndarray = keras.utils.to_categorical(labels, n_classes).astype(np.float32)
    return encoded


def build_loss(config: TrainConfig) -> keras.losses.Loss:
    """The loss itself."""
    if config.loss == "mse":
        return keras.losses.MeanSquaredError()
    if wants_one_hot(config):
        return keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)
    return keras.losses.SparseCategoricalCrossentropy()


def build_metric(config: TrainConfig) -> keras.metrics.Metric:
    """The share of right answers, under the same name whatever form the labels have."""
    if wants_one_hot(config):
        return keras.metrics.CategoricalAccuracy(name=_METRIC)
    return keras.metrics.SparseCategoricalAccuracy(name=_METRIC)
