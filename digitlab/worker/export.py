"""Export a trained model to files, calibrate it and evaluate what was exported."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import keras
import numpy as np
from scipy.optimize import minimize_scalar

from digitlab.datasets.loading import Dataset
from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import RunError, describe_error
from digitlab.evaluation.report import EvaluationReport, evaluate_reader
from digitlab.inference.reader import DigitReader
from digitlab.model_store.formats import KERAS, REQUIRED_FORMATS, TFLITE, ModelFormat
from digitlab.processes import STDOUT, silence
from digitlab.training.config import TrainConfig
from digitlab.worker.conversion import (
    export_dynamic_range,
    export_float16,
    export_int8,
    export_onnx,
    export_saved_model,
)
from digitlab.worker.model_card import get_no_digit_threshold

# Keras and LiteRT compute in 32-bit floats but sum in different orders.
TOLERANCE = 1e-4

_N_CHECKED = 200
_TEMPERATURE_RANGE = (0.3, 4.0)
_BATCH_SIZE = 512

# Writes a model to a path; the images, `(n, h, w)` or `(n, h, w, channels)` uint8, are for
# comparing the outputs.
Exporter = Callable[[keras.Model, Path, np.ndarray], None]


def export_keras(model: keras.Model, path: Path, _images: np.ndarray) -> None:
    """Write a `.keras` or `.h5` file."""
    model.save(path)


def export_tflite(model: keras.Model, path: Path, images: np.ndarray) -> None:
    """Write a `.tflite` file and compare its outputs with those of the Keras model.

    Args:
        model: takes `(n, h, w, channels)` in the range 0 to 255.
        images: `(n, h, w)` or `(n, h, w, channels)` uint8.
    Raises:
        RunError: the outputs differ.
    """
    # The converter prints progress that is of no use to the user.
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


# One exporter for each row of `MODEL_FORMATS`.
EXPORTERS: dict[str, Exporter] = {
    KERAS.id: export_keras,
    TFLITE.id: export_tflite,
    "h5": export_keras,
    "saved_model": export_saved_model,
    "tflite_float16": export_float16,
    "tflite_dynamic": export_dynamic_range,
    "tflite_int8": export_int8,
    "onnx": export_onnx,
}


def export_model(
    model: keras.Model,
    directory: Path,
    images: np.ndarray,
    *,
    formats: Sequence[ModelFormat] = REQUIRED_FORMATS,
    exporters: Mapping[str, Exporter] = EXPORTERS,
) -> list[str]:
    """Write a model in every format. A failed export of an optional format is only noted.

    Args:
        images: to check the exported files and to set the ranges of integers.
    Returns:
        A sentence about each optional format that is missing.
    Raises:
        RunError: a required format could not be exported.
    """
    notes = []
    for model_format in formats:
        path = directory / model_format.file_name
        if model_format.is_required:
            exporters[model_format.id](model, path, images[:_N_CHECKED])
            continue
        # A file of the run's previous session would not be this model.
        path.unlink(missing_ok=True)
        if not model_format.is_package_installed:
            notes.append(
                f"{model_format.label} is missing: the package {model_format.package} is not "
                "installed."
            )
            continue
        try:
            exporters[model_format.id](model, path, images[:_N_CHECKED])
        except Exception as error:
            # Converters raise exceptions of any type, and the model is complete without them.
            path.unlink(missing_ok=True)
            reason = describe_error(error)
            notes.append(f"{model_format.label} is missing: its export failed ({reason}).")
    return notes


def evaluate_export(directory: Path, dataset: Dataset, config: TrainConfig) -> EvaluationReport:
    """Evaluate the exported model on the test images and write `report.npz`."""
    report = evaluate_reader(open_export(directory, config), dataset)
    report.save(directory / "report.npz")
    return report


def open_export(directory: Path, config: TrainConfig) -> DigitReader:
    """The exported model, as the app opens it once it is saved."""
    return DigitReader(
        directory / TFLITE.file_name,
        no_digit_threshold=get_no_digit_threshold(config),
        reads_digits=get_dataset_spec(config.dataset).is_digits,
    )


def compute_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature that minimises the cross-entropy on validation data.

    Args:
        probabilities: `(n, classes)` softmax outputs.
        labels: `(n,)` integers.
    Returns:
        The divisor of the logits; above 1 if the network is overconfident.
    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-12))
    rows = np.arange(len(labels))

    def compute_loss(temperature: float) -> float:
        scaled = logits / temperature
        top = scaled.max(axis=1, keepdims=True)
        sums = np.log(np.exp(scaled - top).sum(axis=1)) + top[:, 0]
        return float((sums - scaled[rows, labels]).mean())

    return float(minimize_scalar(compute_loss, bounds=_TEMPERATURE_RANGE, method="bounded").x)


def scale_temperature(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """Calibrate a model: divide its logits by the temperature that fits the validation data.

    The temperature goes into the weights of the last layer, so that every format has it.

    Args:
        model: its last layer is dense with a softmax; changed in place.
        images: `(n, h, w, channels)` uint8, validation data.
        labels: `(n,)` integers.
    Returns:
        The temperature.
    """
    probabilities = model.predict(images, batch_size=_BATCH_SIZE, verbose=0)
    temperature = compute_temperature(probabilities, labels)
    last = model.layers[-1]
    last.set_weights([weights / temperature for weights in last.get_weights()])
    return temperature
