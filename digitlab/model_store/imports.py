"""Import a model that was made elsewhere: only a process of its own opens the file."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import ClassVar

from digitlab.model_store.names import MAX_LABEL_LENGTH
from digitlab.model_store.store import check_new_label
from digitlab.owners import LOCAL_OWNER
from digitlab.paths import get_cache_dir
from digitlab.upload_jobs import UploadJob, start_upload_job

# The limits of the process. Checked files stay far below; TensorFlow itself needs 0.6 GB.
MAX_MEMORY_BYTES = 3_000_000_000
MAX_MINUTES = 10
# The only place that names the module of the worker.
_WORKER_MODULE = "digitlab.worker.import_main"


@dataclass(frozen=True)
class ModelImportSpec:
    """What is imported.

    Attributes:
        file_name: of the file, for the card.
        label: the model's name.
        dataset: id of the data set to test on; "" to find out which fits.
        owner: of the model.
    """

    file_name: str
    label: str
    dataset: str = ""
    owner: str = LOCAL_OWNER


@dataclass(frozen=True)
class ModelImportJob(UploadJob):
    """One import, by its folder."""

    death_message: ClassVar[str] = (
        f"The file could not be opened within {MAX_MEMORY_BYTES / 1e9:.0f} GB of memory and "
        f"{MAX_MINUTES} minutes, or it is damaged. Save the model again, or make it smaller."
    )

    def read_spec(self) -> ModelImportSpec:
        """What is imported.

        Raises:
            RunError: the job's file is damaged.
        """
        return self.load_spec(ModelImportSpec, "The import")


def describe_conversion(folder: str = "FOLDER") -> str:
    """How to make a file of a SavedModel, which cannot be imported itself."""
    return (
        "Convert it where it was made, and import the file: open('model.tflite', 'wb').write("
        f"tf.lite.TFLiteConverter.from_saved_model('{folder}').convert())"
    )


def start_model_import(
    content: memoryview | bytes,
    file_name: str,
    *,
    label: str = "",
    dataset: str = "",
    owner: str = LOCAL_OWNER,
) -> ModelImportJob:
    """Start the import of a `.keras`, `.h5` or `.tflite` file.

    Args:
        content: of the file.
        label: the model's name; "" takes the name of the file.
        dataset: id of the data set to test on; "" to find out which fits.
        owner: of the model.
    Raises:
        ModelExistsError: a model has this label.
        ModelStoreError: the label is invalid.
        RunError: the process could not be started.
    """
    label = check_new_label(label or PurePath(file_name).stem[:MAX_LABEL_LENGTH])
    spec = ModelImportSpec(file_name, label, dataset, owner)
    root = get_cache_dir() / "model-imports"
    return start_upload_job(ModelImportJob, root, _WORKER_MODULE, content, spec)
