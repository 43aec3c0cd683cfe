"""From a Keras model to files, each checked against the original."""

from pathlib import Path

import keras
import numpy as np
from scipy.optimize import minimize_scalar

from digitlab.errors import RunError
from digitlab.inference.reader import DigitReader
from digitlab.processes import STDOUT, silence

# Both compute in 32-bit floats, in another order of sums.
TOLERANCE = 1e-4

_TEMPERATURES = (0.3, 4.0)
_BATCH = 512


def export_tflite(model: keras.Model, path: Path, images: np.ndarray) -> None:
    """Write a `.tflite` and check that it answers as the Keras model does.

    Args:
        model: reads `(n, h, w, channels)` in the range 0 to 255.
        images: `(n, h, w)` or `(n, h, w, channels)` uint8 to compare on; a hundred will do.
    Raises:
        RunError: the exported model answers differently.
    """
    # The converter's reports are not for the user.
    with silence(STDOUT):
        model.export(str(path), format="litert", verbose=False)
    with_channels = images.reshape(len(images), *model.input_shape[1:])
    expected = keras.ops.convert_to_numpy(model(with_channels.astype(np.float32), training=False))
    difference = np.abs(DigitReader(path).compute_outputs(images) - expected).max()
    # Written so that NaN fails it too.
    if not difference <= TOLERANCE:
        raise RunError(
            f"The exported {path.name} differs from the Keras model by up to {difference:.2g}."
        )


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
