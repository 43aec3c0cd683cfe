"""Import an uploaded zip in a separate process, so that the app stays small.

```
<cache>/imports/20261121-101500-1a2b/
├── job.json       ImportSpec
├── upload.zip     the zip; deleted when the import has ended
├── dataset        the id of the data set, once there is one
├── status.json    StepStatus, replaced atomically
└── worker.log     what the worker printed
```
"""

import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from digitlab.errors import RunError, describe_error
from digitlab.files import replace_file
from digitlab.owners import LOCAL_OWNER
from digitlab.paths import get_cache_dir
from digitlab.step_jobs import StepJob

# The only place that names the module of the worker.
_WORKER_MODULE = "digitlab.dataset_import.job_main"
# Imports that were never looked at again, such as those of a closed browser.
_MAX_AGE_S = 24 * 3600


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
class ImportJob(StepJob):
    """One import, by its folder."""

    @property
    def upload_path(self) -> Path:
        """The uploaded zip."""
        return self.directory / "upload.zip"

    def read_spec(self) -> ImportSpec:
        """What is imported.

        Raises:
            RunError: the job's file is damaged.
        """
        return self.load_spec(ImportSpec, "The import")

    def read_dataset_id(self) -> str:
        """The id of the data set that was made.

        Raises:
            RunError: there is none.
        """
        try:
            return (self.directory / "dataset").read_text("ascii")
        except (OSError, ValueError) as error:
            raise RunError("The import has no result. Start it again.") from error

    def write_dataset_id(self, dataset_id: str) -> None:
        """Write the id of the data set that was made."""
        replace_file(self.directory / "dataset", dataset_id.encode("ascii"))

    def discard(self) -> None:
        """Stop it and remove its folder."""
        if self.is_running():
            self.read_status().process.terminate()
        shutil.rmtree(self.directory, ignore_errors=True)


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
    job = ImportJob(root / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}")
    try:
        _remove_old_jobs(root)
        job.directory.mkdir(parents=True)
        with job.get_lock():
            job.upload_path.write_bytes(content)
            job.start(_WORKER_MODULE, ImportSpec(label, image_px, owner))
    except OSError as error:
        shutil.rmtree(job.directory, ignore_errors=True)
        raise RunError(f"The import could not be started: {describe_error(error)}.") from error
    return job


def _remove_old_jobs(root: Path) -> None:
    for directory in root.glob("*"):
        if time.time() - directory.stat().st_mtime > _MAX_AGE_S:
            ImportJob(directory).discard()
