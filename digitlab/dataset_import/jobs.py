"""Import an uploaded zip of pictures as a data set, in a process of its own."""

from dataclasses import dataclass

from digitlab.owners import LOCAL_OWNER
from digitlab.paths import get_cache_dir
from digitlab.upload_jobs import UploadJob, start_upload_job

# The only place that names the module of the worker.
_WORKER_MODULE = "digitlab.dataset_import.job_main"


@dataclass(frozen=True)
class ImportSpec:
    """What is imported.

    Attributes:
        label: the data set's name.
        image_px: width and height of its images.
        owner: of the data set.
    """

    label: str
    image_px: int
    owner: str = LOCAL_OWNER


@dataclass(frozen=True)
class ImportJob(UploadJob):
    """One import, by its folder."""

    def read_spec(self) -> ImportSpec:
        """What is imported.

        Raises:
            RunError: the job's file is damaged.
        """
        return self.load_spec(ImportSpec, "The import")


def start_import(
    content: memoryview | bytes, label: str, *, image_px: int, owner: str = LOCAL_OWNER
) -> ImportJob:
    """Start the import of a zip.

    Args:
        content: of the zip.
        label: the data set's name.
        image_px: width and height of its images.
        owner: of the data set.
    Raises:
        RunError: the process could not be started.
    """
    root = get_cache_dir() / "imports"
    spec = ImportSpec(label, image_px, owner)
    return start_upload_job(ImportJob, root, _WORKER_MODULE, content, spec)
