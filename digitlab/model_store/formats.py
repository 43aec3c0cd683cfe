"""The file formats in which a trained model is saved: one row for each.

The worker exports every format, the store copies the files, the card describes them and the
Models page offers them for download. Each format has an exporter of the same id in
`worker/export.py`.
"""

from dataclasses import dataclass
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
        is_required: whether a model without this file is incomplete. A failed export of an
            optional format is noted on the card, and the run can be saved without it.
    """

    id: str
    file_name: str
    label: str
    help: str
    package: str | None = None
    is_required: bool = False

    def get_download_name(self, model_id: str) -> str:
        """Name the downloaded file after its model, such as `simple_cnn.tflite`."""
        return model_id + self.file_name.removeprefix("model")


KERAS = ModelFormat(
    "keras",
    "model.keras",
    "Keras",
    "For Keras: load, fine-tune or inspect the model.",
    is_required=True,
)
TFLITE = ModelFormat(
    "tflite",
    "model.tflite",
    "TFLite",
    "For phones and small devices: LiteRT or TensorFlow Lite.",
    is_required=True,
)

MODEL_FORMATS = (KERAS, TFLITE)

# What every model has besides its formats.
_COMPANION_FILES = ("report.npz", "card.json")


def find_model_files(directory: Path) -> tuple[list[str], list[str]]:
    """Look for the files of a model.

    Returns:
        The names of the files that exist, and of the required ones that are missing.
    """
    required = [
        *(model_format.file_name for model_format in MODEL_FORMATS if model_format.is_required),
        *_COMPANION_FILES,
    ]
    optional = [
        model_format.file_name for model_format in MODEL_FORMATS if not model_format.is_required
    ]
    found = [name for name in (*required, *optional) if (directory / name).is_file()]
    return found, [name for name in required if name not in found]
