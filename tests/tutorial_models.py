"""Model files as tutorials make them, with the weights of a shipped model: nothing is trained.

`python -m tests.tutorial_models FOLDER` writes them, for tests that do not import Keras.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from digitlab.datasets.sample import load_sample
from digitlab.model_store.formats import KERAS
from digitlab.model_store.store import get_model
from digitlab.processes import STDOUT, silence


def write_tutorial_models(folder: Path) -> None:
    """Write `mnist_cnn.h5`, `flat.keras` and `int8.tflite`."""
    write_h5(folder / "mnist_cnn.h5")
    write_flat_keras(folder / "flat.keras")
    write_int8_tflite(folder / "int8.tflite")


def write_h5(path: Path) -> None:
    """Pixels from 0 to 1, as `(28, 28, 1)`, to probabilities."""
    build((28, 28, 1)).save(path)


def write_flat_keras(path: Path) -> None:
    """Pixels from 0 to 1, as `(784,)`, to logits."""
    build((784,), with_softmax=False).save(path)


def write_int8_tflite(path: Path) -> None:
    """Pixels from 0 to 1 and probabilities, both as 8-bit integers."""
    converter = tf.lite.TFLiteConverter.from_keras_model(build((28, 28)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = _list_images
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.uint8
    with silence(STDOUT):
        path.write_bytes(converter.convert())


def build(shape: tuple[int, ...], *, with_softmax: bool = True) -> keras.Model:
    """The shipped simple CNN, for pixels from 0 to 1."""
    shipped = keras.saving.load_model(get_model("simple_cnn").directory / KERAS.file_name)
    # Without the first layer, which scales pixels, and the last.
    _, *layers, last = shipped.layers
    model = keras.Sequential([keras.Input(shape), keras.layers.Reshape((28, 28, 1)), *layers])
    activation = "softmax" if with_softmax else None
    head = keras.layers.Dense(10, activation=activation, name="head")
    model.add(head)
    head.set_weights(last.get_weights())
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def _list_images() -> Iterator[list[np.ndarray]]:
    for image in load_sample()["x_train"][:100]:
        yield [image[None].astype(np.float32) / 255]


if __name__ == "__main__":
    write_tutorial_models(Path(sys.argv[1]))
