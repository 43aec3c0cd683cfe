"""Jobs about one uploaded file, which only a process of its own opens: the app stays small.

```
<cache>/imports/20261121-101500-1a2b3c4d/
├── job.json       what is imported
├── upload         the file; deleted when the import has ended
├── result         the id of what was made, once there is something
├── status.json    StepStatus, replaced atomically
└── worker.log     what the worker printed
```
"""

import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from digitlab.errors import RunError, describe_error
from digitlab.files import replace_file
from digitlab.step_jobs import StepJob, StepProgress, carry_out

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

J = TypeVar("J", bound="UploadJob")

# Imports that were never looked at again, such as those of a closed browser.
_MAX_AGE_S = 24 * 3600


@dataclass(frozen=True)
class UploadJob(StepJob):
    """One import, by its folder."""

    @property
    def upload_path(self) -> Path:
        """The uploaded file."""
        return self.directory / "upload"

    def read_result(self) -> str:
        """The id of what was made.

        Raises:
            RunError: there is none.
        """
        try:
            return (self.directory / "result").read_text("ascii")
        except (OSError, ValueError) as error:
            raise RunError("The import has no result. Start it again.") from error

    def discard(self) -> None:
        """Stop it and remove its folder."""
        if self.is_running():
            self.read_status().process.terminate()
        shutil.rmtree(self.directory, ignore_errors=True)


def start_upload_job(
    job_type: type[J],
    root: Path,
    module: str,
    content: memoryview | bytes,
    spec: "DataclassInstance",
) -> J:
    """Start an import.

    Args:
        root: the folder of all imports of this type.
        module: of the process, which calls `carry_out_import`.
        content: of the file; it is written to disk and not looked at.
        spec: for `load_spec`.
    Raises:
        RunError: the process could not be started.
    """
    job = job_type(root / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}")
    try:
        for directory in root.glob("*"):
            if time.time() - directory.stat().st_mtime > _MAX_AGE_S:
                job_type(directory).discard()
        job.directory.mkdir(parents=True)
        with job.get_lock():
            job.upload_path.write_bytes(content)
            job.start(module, spec)
    except OSError as error:
        shutil.rmtree(job.directory, ignore_errors=True)
        raise RunError(f"The import could not be started: {describe_error(error)}.") from error
    return job


def carry_out_import(job: UploadJob, make: Callable[[StepProgress], str]) -> int:
    """Do an import in this process, the worker; the exit code is 0 on success.

    Args:
        make: returns the id of what it made.
    """

    def work(progress: StepProgress) -> None:
        replace_file(job.directory / "result", make(progress).encode("ascii"))

    exit_code = carry_out(job, work)
    job.upload_path.unlink(missing_ok=True)
    return exit_code
