"""Keras models from elsewhere: open what was checked before, convert it, save it."""

import shutil
from pathlib import Path

import keras
import numpy as np

from digitlab.errors import ModelStoreError, describe_error
from digitlab.model_store.formats import ModelFormat
from digitlab.processes import STDOUT, silence
from digitlab.worker.export import TOLERANCE


def load_keras_file(path: Path, model_format: ModelFormat) -> keras.Model:
    """Open a `.keras` or `.h5` file that was checked before.

    Raises:
        ModelStoreError: Keras refuses it, or it has not one input and one output.
    """
    # Keras chooses the format by the name.
    named = path.with_name(f"named_{model_format.file_name}")
    shutil.copyfile(path, named)
    try:
        model = keras.saving.load_model(named, compile=False, safe_mode=True)
    except Exception as error:
        # Keras raises exceptions of any type for a file that it cannot read.
        raise ModelStoreError(
            f"Keras cannot open this file ({describe_error(error)[:300]}). Save the model again, "
            "with layers of Keras only."
        ) from error
    finally:
        named.unlink()
    n_inputs, n_outputs = (len(getattr(model, side, None) or ()) for side in ("inputs", "outputs"))
    if (n_inputs, n_outputs) != (1, 1):
        raise ModelStoreError(
            "The model must have one input and one output. If its first layer does not say the "
            "shape of the images, add keras.Input(shape) and save the model again."
        )
    return model


def convert_to_tflite(model: keras.Model, path: Path) -> bytes:
    """The model as the content of a `.tflite` file.

    Args:
        path: where the file is written.
    Raises:
        ModelStoreError: the conversion fails.
    """
    try:
        with silence(STDOUT):
            model.export(str(path), format="litert", verbose=False)
    except Exception as error:
        # Converters raise exceptions of any type.
        raise ModelStoreError(
            f"The model cannot be converted to TFLite ({describe_error(error)[:300]}). Use layers "
            "that TFLite has."
        ) from error
    return path.read_bytes()


def save_adapted(
    model: keras.Model,
    path: Path,
    image_shape: tuple[int, int, int],
    *,
    scale: float,
    offset: float,
    with_softmax: bool,
) -> keras.Model:
    """Save a `.keras` file with digitlab's input and output around the model.

    Args:
        image_shape: `(h, w, channels)`.
        scale, offset: the model gets `pixel * scale + offset`, pixels from 0 to 255.
        with_softmax: whether the model returns logits.
    Returns:
        What was saved.
    """
    images = keras.Input(image_shape)
    x = keras.layers.Rescaling(scale, offset)(images)
    x = keras.layers.Reshape(model.inputs[0].shape[1:])(x)
    x = model(x)
    adapted = keras.Model(images, keras.layers.Softmax()(x) if with_softmax else x)
    adapted.save(path)
    return adapted


def check_agreement(model: keras.Model, images: np.ndarray, outputs: np.ndarray) -> None:
    """Check that the `.tflite` file computes what the Keras model computes.

    Args:
        images: `(n, h, w)` or `(n, h, w, channels)` uint8.
        outputs: those of the `.tflite` file, `(n, classes)`.
    Raises:
        ModelStoreError: the outputs differ.
    """
    pixels = images.reshape(len(images), *model.input_shape[1:]).astype(np.float32)
    expected = keras.ops.convert_to_numpy(model(pixels, training=False))
    difference = np.abs(outputs - expected).max()
    # Written so that NaN fails it too.
    if not difference <= TOLERANCE:
        raise ModelStoreError(
            f"The converted model differs from the original by up to {difference:.2g}. It may have "
            "layers that compute something random, or in 16-bit floats: save it without them."
        )
