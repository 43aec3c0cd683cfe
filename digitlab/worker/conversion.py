"""Export a Keras model to the formats that are made on demand."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from digitlab.processes import STDOUT, silence

_OPTIMIZE = {"optimizations": [tf.lite.Optimize.DEFAULT]}


def export_saved_model(model: keras.Model, path: Path, _images: np.ndarray) -> None:
    """Write a zip file with a SavedModel, whose signature `serve` classifies."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, silence(STDOUT):
        model.export(f"{folder}/model", format="tf_saved_model", verbose=False)
        archive = shutil.make_archive(f"{folder}/archive", "zip", folder, "model")
        Path(archive).replace(path)


def export_float16(model: keras.Model, path: Path, _images: np.ndarray) -> None:
    """Write a `.tflite` file whose weights are 16-bit floats."""
    _convert(model, path, **_OPTIMIZE, target_spec={"supported_types": [tf.float16]})


def export_dynamic_range(model: keras.Model, path: Path, _images: np.ndarray) -> None:
    """Write a `.tflite` file whose weights are 8-bit integers."""
    _convert(model, path, **_OPTIMIZE)


def export_int8(model: keras.Model, path: Path, images: np.ndarray) -> None:
    """Write a `.tflite` file that computes in 8-bit integers; its input and output are floats.

    Args:
        images: `(n, h, w)` or `(n, h, w, channels)` uint8; they set the ranges of the integers.
    """
    pixels = images.reshape(len(images), 1, *model.input_shape[1:]).astype(np.float32)

    def list_inputs() -> Iterator[list[np.ndarray]]:
        for image in pixels:
            yield [image]

    _convert(model, path, **_OPTIMIZE, representative_dataset=list_inputs)


def export_onnx(model: keras.Model, path: Path, _images: np.ndarray) -> None:
    """Write an ONNX file; needs the package tf2onnx."""
    with silence(STDOUT):
        model.export(str(path), format="onnx", verbose=False)


def _convert(model: keras.Model, path: Path, **options: Any) -> None:
    with silence(STDOUT):
        model.export(str(path), format="litert", verbose=False, **options)
