"""A job: work in a separate process, identified by its folder. Training runs and analyses are jobs.

The folder is all that the app and the worker share. Both kinds have in common:

```
<job>/
├── stop           its presence asks the worker to stop
├── status.json    a JobStatus, replaced atomically
└── worker.log     what the worker printed
```
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

from digitlab.errors import RunError, describe_error
from digitlab.files import load_json, write_json
from digitlab.processes import ProcessIdentity

# Called with the work done and the work in all: bytes, images or pictures.
ProgressCallback = Callable[[int, int], None]
# "stopped" by the user, "cancelled" before it began, "interrupted": the process died.
FINAL_STATES = ("done", "stopped", "cancelled", "failed", "interrupted")


@dataclass(frozen=True)
class JobStatus:
    """What every job's status says.

    Attributes:
        state: one of `FINAL_STATES`, or what the job is doing.
        message: a sentence or two for the user.
        pid, process_started_s: identify the worker.
        updated_s: seconds since 1970 when this was written.
    """

    state: str = "waiting"
    message: str = ""
    pid: int = 0
    process_started_s: float = 0.0
    updated_s: float = 0.0

    @property
    def is_final(self) -> bool:
        """Whether the job has ended, successfully or not."""
        return self.state in FINAL_STATES

    @property
    def process(self) -> ProcessIdentity:
        """The worker."""
        return ProcessIdentity(self.pid, self.process_started_s)


S = TypeVar("S", bound=JobStatus)


@dataclass(frozen=True)
class JobDirectory(Generic[S]):
    """The folder of one job."""

    status_type: ClassVar[type[JobStatus]] = JobStatus

    directory: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.directory.name

    @property
    def log_path(self) -> Path:
        """What the worker printed."""
        return self.directory / "worker.log"

    def read_status(self) -> S:
        """The status as written last; a new job's if there is none.

        Raises:
            RunError: the status file is damaged.
        """
        try:
            status = load_json(self.directory / "status.json", self.status_type)
        except FileNotFoundError:
            status = self.status_type()
        except (OSError, ValueError) as error:
            raise RunError(
                f"The status of {self.id} is damaged ({describe_error(error)})."
            ) from error
        return status  # type: ignore[return-value]

    def write_status(self, status: S) -> None:
        """Replace the status; a reader sees the old one or the new one, never a partial file."""
        values = asdict(status) | {"updated_s": time.time()}
        write_json(self.directory / "status.json", values)

    def request_stop(self) -> None:
        """Ask the worker to stop at its next step."""
        (self.directory / "stop").touch()

    def clear_stop_request(self) -> None:
        """Take the request back, before the job starts again."""
        (self.directory / "stop").unlink(missing_ok=True)

    def is_stop_requested(self) -> bool:
        """Whether the worker was asked to stop."""
        return (self.directory / "stop").exists()
