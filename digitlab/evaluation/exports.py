"""The exports of a model in all formats, and how each compares to the original.

```
<cache>/evaluation/digitlab_cnn-27c187c4a5857510-0.7/exports/
├── exports.json          a list of ExportedFile
├── model.h5 model.onnx … the files that are made on demand
└── status.json …         the job that makes them (`jobs.py`)
```
"""

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from digitlab.errors import ModelStoreError, describe_error
from digitlab.evaluation.results_cache import get_results_dir
from digitlab.files import load_json, write_json
from digitlab.model_store.formats import MODEL_FORMATS, REQUIRED_FORMATS, ModelFormat
from digitlab.model_store.store import delete_model, list_models
from digitlab.model_store.stored_model import StoredModel
from digitlab.owners import LOCAL_OWNER

EXPORTS_KIND = "exports"
_EXPORTS_FILE = "exports.json"


@dataclass(frozen=True)
class ExportedFile:
    """One format, run with its own runtime.

    Attributes:
        format: id in `MODEL_FORMATS`.
        n_bytes: size of the file; 0 if there is none.
        latency_ms: median time for one image, classified alone.
        n_tested: test images that were classified.
        accuracy: on these images.
        agreement: the fraction of them with the same answer as the original `.keras` file.
        max_difference: the largest difference of a probability to the original's.
        note: why there is no file; empty if there is one.
    """

    format: str
    n_bytes: int = 0
    latency_ms: float = 0.0
    n_tested: int = 0
    accuracy: float = 0.0
    agreement: float = 0.0
    max_difference: float = 0.0
    note: str = ""


def get_exports_dir(model: StoredModel) -> Path:
    """The folder of a model's exports: another file of the same id has another one."""
    return get_results_dir(model) / EXPORTS_KIND


def load_exports(model: StoredModel) -> dict[str, ExportedFile]:
    """The measured exports by format; empty before the job `exports` has run.

    Raises:
        ModelStoreError: the file is damaged.
    """
    path = get_exports_dir(model) / _EXPORTS_FILE
    if not path.is_file():
        return {}
    try:
        found = load_json(path, list[ExportedFile])
    except (OSError, ValueError) as error:
        raise ModelStoreError(
            f"The exports of {model.label} cannot be read ({describe_error(error)}). Export the "
            "model again."
        ) from error
    return {each.format: each for each in found}


def is_up_to_date(exports: dict[str, ExportedFile]) -> bool:
    """Whether nothing is missing but formats whose packages are still not installed."""
    return all(
        each.id in exports and not (exports[each.id].note and each.is_package_installed)
        for each in MODEL_FORMATS
    )


def save_exports(directory: Path, exports: list[ExportedFile]) -> None:
    """Write the measured exports beside their files."""
    write_json(directory / _EXPORTS_FILE, [asdict(each) for each in exports])


def delete_model_and_exports(model_id: str, *, owner: str = LOCAL_OWNER) -> None:
    """Delete a model, and the files that were made on demand: they may be hundreds of MB.

    Raises:
        ModelStoreError, OwnerError: as `delete_model`.
    """
    # A damaged model has none that could be found.
    folders = [get_exports_dir(model) for model in list_models() if model.id == model_id]
    delete_model(model_id, owner=owner)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def find_export(model: StoredModel, model_format: ModelFormat) -> Path | None:
    """The file of a model in one format; None if it has not been made."""
    is_required = model_format in REQUIRED_FORMATS
    folder = model.directory if is_required else get_exports_dir(model)
    path = folder / model_format.file_name
    return path if path.is_file() else None
