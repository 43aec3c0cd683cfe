"""Model files from elsewhere: which format they are in, and what is refused before Keras opens one.

Keras ignores its `safe_mode` for `.h5` files, so the layers are checked here for both formats.
"""

import io
import json
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import h5py

from digitlab.errors import LabelledFilesError, ModelStoreError
from digitlab.model_store.formats import KERAS, MODEL_FORMATS, TFLITE, ModelFormat
from digitlab.model_store.imports import describe_conversion
from digitlab.zip_safety import open_archive

HDF5 = next(each for each in MODEL_FORMATS if each.id == "h5")

# Of all weights together, uncompressed: 200 times those of the largest digit network here.
_MAX_WEIGHTS_BYTES = 400_000_000
_MAX_CONFIG_BYTES = 5_000_000
_MAX_MEMBERS = 200
_HDF5_ERRORS = (OSError, KeyError, ValueError, RuntimeError, TypeError, OverflowError, MemoryError)
# Of Keras's own classes: these run code, load other files, or belong to another framework.
_REFUSED = {
    "Lambda", "TFOpLambda", "SlicingOpLambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper",
    "JaxLayer", "FlaxLayer",
}  # fmt: skip
_MODULES = {
    "keras", "keras.layers", "keras.models", "keras.initializers", "keras.regularizers",
    "keras.constraints",
}  # fmt: skip
_FUNCTION_MODULES = {"builtins", "keras", "keras.activations"}


def identify_format(path: Path) -> ModelFormat:
    """The format of a model file, by its content.

    Raises:
        ModelStoreError: it cannot be imported; the message says why and what to do.
    """
    with path.open("rb") as file:
        head = file.read(16)
    if head[4:8] == b"TFL3":
        return TFLITE
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return HDF5
    if head.startswith(b"PK\x03\x04"):
        return _identify_zip(path)
    if head.startswith(b"\x80"):
        raise ModelStoreError(
            "This is a Python pickle, which can run any code when it is opened. Save the model as "
            ".keras, .h5 or .tflite."
        )
    raise ModelStoreError(
        "This is not a .keras, .h5 or .tflite file, or it is damaged. A SavedModel "
        f"(saved_model.pb) cannot be imported. {describe_conversion()}"
    )


def _identify_zip(path: Path) -> ModelFormat:
    try:
        with open_archive(path, max_files=_MAX_MEMBERS) as archive:
            names = archive.namelist()
    except LabelledFilesError as error:
        raise ModelStoreError(
            "This zip or .keras file is damaged or has too many parts. Save the model again."
        ) from error
    if {"config.json", "model.weights.h5"} <= set(names):
        return KERAS
    if any(name.endswith("saved_model.pb") for name in names):
        raise ModelStoreError(
            f"This is a SavedModel, which can contain any code. {describe_conversion()}"
        )
    if any(name.endswith("data.pkl") for name in names):
        raise ModelStoreError(
            "This is a PyTorch file, which is a Python pickle. Build the network in Keras, copy "
            "the weights, and save it as .keras."
        )
    raise ModelStoreError(
        "This zip is not a .keras file: it has no config.json and model.weights.h5. Save "
        "the model with model.save('model.keras')."
    )


def check_keras_file(path: Path) -> None:
    """Check the sizes and the layers of a `.keras` file.

    Raises:
        ModelStoreError: it is too large or damaged, or has layers with code of their own.
    """
    try:
        with open_archive(path, max_files=_MAX_MEMBERS) as archive:
            config = _read_member(archive, "config.json", _MAX_CONFIG_BYTES)
            weights = _read_member(archive, "model.weights.h5", _MAX_WEIGHTS_BYTES)
    except (LabelledFilesError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError,
            NotImplementedError) as error:  # fmt: skip
        raise ModelStoreError("This .keras file is damaged. Save the model again.") from error
    _check_config(config)
    _check_hdf5(io.BytesIO(weights))


def check_h5_file(path: Path) -> None:
    """Check the sizes and the layers of an `.h5` file.

    Raises:
        ModelStoreError: as `check_keras_file`, or it has weights only.
    """
    with path.open("rb") as file:
        config = _check_hdf5(file)
    if config is None:
        raise ModelStoreError(
            "This .h5 file has weights but no layers. Save the whole model: model.save('model.h5')."
        )
    _check_config(config)


def _read_member(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    if archive.getinfo(name).file_size > max_bytes:
        raise _build_too_large_error()
    with archive.open(name) as file:
        # One byte more than allowed: the size in the directory may be wrong.
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise _build_too_large_error()
    return content


def _check_hdf5(source: BinaryIO) -> str | bytes | None:
    """Check the sizes that are claimed, and the links; returns the description of the layers."""
    try:
        with h5py.File(source, "r") as file:
            items: list[h5py.HLObject] = [file]
            # It visits each object once, so a group inside itself does no harm.
            file.visititems(lambda _, item: items.append(item))
            groups = [item for item in items if isinstance(item, h5py.Group)]
            if sum(_measure_group(group) for group in groups) > _MAX_WEIGHTS_BYTES:
                raise _build_too_large_error()
            config = file.attrs.get("model_config")
            if not isinstance(config, str | bytes | None):
                raise _build_damaged_error()
            return config
    except _HDF5_ERRORS as error:
        raise ModelStoreError(
            "The weights or layers in this file are damaged. Save the model again."
        ) from error


def _measure_group(group: h5py.Group) -> int:
    """The bytes that a group's own arrays and attributes have in memory."""
    total = 0
    for name in group.attrs:
        attribute = group.attrs.get_id(name)
        total += math.prod(attribute.shape or ()) * attribute.dtype.itemsize
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ModelStoreError(
                "The file links to other files, which is refused. Save the model again."
            )
        item = group[name]
        if isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual:
                raise ModelStoreError(
                    "The file takes weights from other files, which is refused. Save the model "
                    "again."
                )
            total += item.size * item.dtype.itemsize
    return total


def _check_config(content: str | bytes) -> None:
    try:
        config = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _build_damaged_error() from error
    if isinstance(config, dict):
        # The optimizer and the loss: training is not continued, so Keras does not make them.
        config.pop("compile_config", None)
    pending: list[Any] = [config]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            pending.extend(node.values())
            _check_node(node)


def _check_node(node: dict[str, Any]) -> None:
    """Check one object in the description; names without a module are those of Keras 2."""
    if "class_name" not in node:
        return
    name, module = str(node["class_name"]), str(node.get("module") or "keras")
    if name in _REFUSED:
        raise ModelStoreError(
            f"The model has a {name} layer, which contains code of its own. Replace it by a layer "
            "of Keras and save the model again."
        )
    if name == "function":
        is_allowed = module in _FUNCTION_MODULES
    else:
        is_allowed = module in _MODULES or module.startswith("keras.src.models.")
    # "package>name" is registered by code outside Keras.
    if not is_allowed or ">" in f"{name}{node.get('registered_name')}":
        raise ModelStoreError(
            f"The model uses {name[:60]!r}, which is not part of Keras. Code from elsewhere is "
            "refused: use the layers of Keras only, and save the model again."
        )


def _build_damaged_error() -> ModelStoreError:
    return ModelStoreError("The description of the layers is damaged. Save the model again.")


def _build_too_large_error() -> ModelStoreError:
    return ModelStoreError(
        f"The file claims more than {_MAX_WEIGHTS_BYTES // 1_000_000} MB of weights or "
        f"{_MAX_CONFIG_BYTES // 1_000_000} MB of layers. Import a smaller model."
    )
