"""The file formats in which a trained model is saved: one row for each.

Every training makes the required formats, which the store copies and the card describes. The others
are made on demand, measured and cached (`evaluation/exports.py`); the Models page offers all for
download. Each format has an exporter of the same id in `worker/export.py`.
"""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@dataclass(frozen=True)
class ModelFormat:
    """One file format.

    Attributes:
        file_name: begins with "model" and differs from that of every other format.
        label: short name on a button.
        help: one sentence: what the format is used for.
        package: the package that the exporter of an optional format needs, by its name for pip;
            None for none. It is not in requirements.txt but in a `requirements-….txt` of its own.
        runtime: what runs it: "keras", "tensorflow", "litert" or "onnx".
        is_required: whether a model without this file is incomplete.
    """

    id: str
    file_name: str
    label: str
    help: str
    runtime: str = ""
    package: str | None = None
    is_required: bool = False

    @property
    def is_package_installed(self) -> bool:
        """Whether its exporter can run here."""
        try:
            return self.package is None or bool(version(self.package))
        except PackageNotFoundError:
            return False

    def get_download_name(self, model_id: str) -> str:
        """Name the downloaded file after its model, such as `simple_cnn.tflite`."""
        return model_id + self.file_name.removeprefix("model")


KERAS = ModelFormat(
    "keras",
    "model.keras",
    "Keras",
    "For Keras: load, fine-tune or inspect the model.",
    "keras",
    is_required=True,
)
TFLITE = ModelFormat(
    "tflite",
    "model.tflite",
    "TFLite",
    "For phones and small devices: LiteRT or TensorFlow Lite.",
    "litert",
    is_required=True,
)

_ON_DEMAND = (
    ModelFormat(
        "h5", "model.h5", "HDF5", "The older format of Keras, which many tutorials load.", "keras"
    ),
    ModelFormat(
        "saved_model", "model.savedmodel.zip", "SavedModel",
        "For TensorFlow without Keras: servers, C++ and TensorFlow.js. A zip file.", "tensorflow",
    ),
    ModelFormat(
        "tflite_float16", "model.float16.tflite", "TFLite, 16-bit floats",
        "Half the size, almost the same numbers.", "litert",
    ),
    ModelFormat(
        "tflite_dynamic", "model.dynamic.tflite", "TFLite, 8-bit weights",
        "A quarter of the size: the weights are 8-bit integers, the rest is computed in floats.",
        "litert",
    ),
    ModelFormat(
        "tflite_int8", "model.int8.tflite", "TFLite, 8-bit",
        "Weights and layers in 8-bit integers, whose ranges 200 training images set: for "
        "microcontrollers. Input and output are floats.", "litert",
    ),
    ModelFormat(
        "onnx", "model.onnx", "ONNX", "For ONNX Runtime, in many languages and browsers.", "onnx",
        package="tf2onnx",
    ),
)  # fmt: skip

MODEL_FORMATS = (KERAS, TFLITE, *_ON_DEMAND)
REQUIRED_FORMATS = tuple(each for each in MODEL_FORMATS if each.is_required)

# What every model has besides its formats.
_COMPANION_FILES = ("report.npz", "card.json")


def find_model_files(directory: Path) -> tuple[list[str], list[str]]:
    """Look for the files of a model.

    Returns:
        The names of the files that exist, and of the required ones that are missing.
    """
    required = [*(each.file_name for each in REQUIRED_FORMATS), *_COMPANION_FILES]
    optional = [
        model_format.file_name for model_format in MODEL_FORMATS if not model_format.is_required
    ]
    found = [name for name in (*required, *optional) if (directory / name).is_file()]
    return found, [name for name in required if name not in found]
