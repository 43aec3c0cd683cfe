"""Make confidences honest: of the answers given with 90 %, 90 % are to be right."""

import keras
import numpy as np
from scipy.optimize import minimize_scalar

_TEMPERATURES = (0.3, 4.0)
_BATCH = 512


def compute_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature at which a network's outputs are the least surprised by the labels.

    Args:
        probabilities: `(n, classes)` softmax outputs on validation data.
        labels: `(n,)` integers.
    Returns:
        What the logits have to be divided by; above 1 if the network is too sure of itself.
    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-12))
    rows = np.arange(len(labels))

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        top = scaled.max(axis=1, keepdims=True)
        sums = np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0]
        return float((sums - scaled[rows, labels]).mean())

    return float(minimize_scalar(loss, bounds=_TEMPERATURES, method="bounded").x)


def calibrate(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """Fold the best temperature into a model's last layer, so that every export has it.

    Args:
        model: its last layer is dense with a softmax.
        images: `(n, h, w, channels)` uint8, validation data.
        labels: `(n,)` integers.
    Returns:
        The temperature.
    """
    probabilities = model.predict(images, batch_size=_BATCH, verbose=0)
    temperature = compute_temperature(probabilities, labels)
    last = model.layers[-1]
    last.set_weights([weights / temperature for weights in last.get_weights()])
    return temperature
