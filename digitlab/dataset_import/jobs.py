"""Import an uploaded zip of pictures as a data set, in a process of its own."""

from dataclasses import dataclass

from digitlab.datasets.user_datasets import list_user_datasets
from digitlab.hosting_limits import check_disk, check_limit, get_limits
from digitlab.owners import LOCAL_OWNER
from digitlab.paths import get_cache_dir, get_user_datasets_dir
from digitlab.quantities import format_count
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
        LimitError: a visitor of a hosted app has too many data sets, or the zip is too large.
    """
    limits = get_limits(owner)
    if limits is not None:
        size_mb = memoryview(content).nbytes / 1e6
        check_limit(
            size_mb <= limits.upload_mb,
            f"This zip has {size_mb:.1f} MB; on this server at most {limits.upload_mb:g} MB are "
            "allowed. Choose fewer or smaller photos.",
        )
        n_own = sum(one.owner == owner for one in list_user_datasets(viewer=owner))
        check_limit(
            n_own < limits.datasets,
            f"You have {format_count(n_own, 'data set')}, and more are not allowed on this server. "
            "Delete one first.",
        )
        check_disk(limits, get_user_datasets_dir())
    root = get_cache_dir() / "imports"
    spec = ImportSpec(label, image_px, owner)
    return start_upload_job(ImportJob, root, _WORKER_MODULE, content, spec)
