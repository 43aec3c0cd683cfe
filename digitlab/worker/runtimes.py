"""Run an exported file with its own runtime, as a program without digitlab would."""

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from digitlab.inference.reader import DigitReader
from digitlab.model_store.formats import ModelFormat

_BATCH_SIZE = 128

# Images `(n, h, w, channels)` float32 from 0 to 255 to probabilities `(n, classes)`.
Classifier = Callable[[np.ndarray], np.ndarray]


def open_runtime(model_format: ModelFormat, path: Path) -> Classifier:
    """Load a file.

    Returns:
        A function of images `(n, h, w, channels)` float32 from 0 to 255, n of any size, that
        returns probabilities `(n, classes)`.
    """
    classify = _RUNTIMES[model_format.runtime](path)

    def classify_all(images: np.ndarray) -> np.ndarray:
        starts = range(0, len(images), _BATCH_SIZE)
        return np.concatenate([classify(images[k : k + _BATCH_SIZE]) for k in starts])

    return classify_all


def _open_keras(path: Path) -> Classifier:
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    call = tf.function(lambda images: model(images, training=False))
    return lambda images: call(tf.constant(images)).numpy()


def _open_saved_model(path: Path) -> Classifier:
    # The file is digitlab's own, from the export before.
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        loaded = tf.saved_model.load(f"{folder}/model")
    return lambda images: loaded.serve(tf.constant(images)).numpy()


def _open_litert(path: Path) -> Classifier:
    reader = DigitReader(path, reads_digits=False)
    shape = reader.image_shape
    return lambda images: reader.compute_outputs(
        images.reshape(len(images), *shape).astype(np.uint8)
    )


def _open_onnx(path: Path) -> Classifier:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    [inputs] = session.get_inputs()
    return lambda images: session.run(None, {inputs.name: images})[0]


_RUNTIMES: dict[str, Callable[[Path], Classifier]] = {
    "keras": _open_keras,
    "tensorflow": _open_saved_model,
    "litert": _open_litert,
    "onnx": _open_onnx,
}
