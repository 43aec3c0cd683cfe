"""Jobs of counted steps, such as an analysis or an import: start one, follow it, carry it out."""

import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, ClassVar, TypeVar

from filelock import FileLock, Timeout

from digitlab.errors import DigitlabError, RunError, describe_error
from digitlab.files import load_json, write_json
from digitlab.jobs import JobDirectory, JobStatus
from digitlab.processes import identify_process, lower_priority, start_module

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")

_SPEC_FILE = "job.json"
_REPORT_EVERY_S = 0.3
_POLL_S = 0.2
_LOCK_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class StepStatus(JobStatus):
    """Progress of a job.

    Attributes:
        state: "starting", "running", "done", "stopped" or "failed".
        done, total: steps; `total` is 0 while it is unknown.
    """

    state: str = "starting"
    done: int = 0
    total: int = 0

    @property
    def fraction(self) -> float:
        """How much is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0


@dataclass(frozen=True)
class StepJob(JobDirectory[StepStatus]):
    """One job, by its folder."""

    status_type: ClassVar[type[StepStatus]] = StepStatus
    # Said when the process has ended without a final status.
    death_message: ClassVar[str] = (
        "The process ended unexpectedly: it was killed, or memory ran out. Start it again."
    )

    @property
    def has_started(self) -> bool:
        """Whether it was ever started."""
        return (self.directory / "status.json").is_file()

    def inspect(self) -> StepStatus:
        """The status after checking the process: "failed" if it ended without a final status.

        Raises:
            RunError: the status file is damaged.
        """
        status = self.read_status()
        if status.is_final or status.process.is_alive():
            return status
        # Its first status is written just after its process has started.
        is_starting = not self.has_started and self._is_locked()
        # It may have written its final status between the two checks.
        status = self.read_status()
        if status.is_final or status.process.is_alive() or is_starting:
            return status
        return replace(status, state="failed", message=self.death_message)

    def _is_locked(self) -> bool:
        """Whether it is being started at this moment."""
        try:
            with self.get_lock().acquire(timeout=0):
                return False
        except Timeout:
            return True

    def wait(self) -> StepStatus:
        """Wait until the job has ended; returns its last status.

        Raises:
            RunError: the status file is damaged.
        """
        while not (status := self.inspect()).is_final:
            time.sleep(_POLL_S)
        return status

    def is_running(self) -> bool:
        """Whether its process is at work."""
        if not self.has_started:
            return False
        try:
            return not self.inspect().is_final
        except RunError:
            # A damaged status is replaced by starting again.
            return False

    def get_lock(self) -> FileLock:
        """The lock held while the job is being started; the worker waits for it."""
        return FileLock(self.directory / "job.lock", timeout=_LOCK_TIMEOUT_S)

    def load_spec(self, spec_type: type[T], label: str) -> T:
        """What the job is about, as `start` wrote it.

        Args:
            label: of the job, for the error message.
        Raises:
            RunError: the job's file is damaged.
        """
        try:
            return load_json(self.directory / _SPEC_FILE, spec_type)
        except (OSError, ValueError) as error:
            raise RunError(f"{label} cannot be read ({describe_error(error)}).") from error

    def start(self, module: str, spec: "DataclassInstance") -> None:
        """Write what the job is about and start the worker; the caller holds the lock.

        Args:
            module: of the worker, which calls `carry_out`.
            spec: for `load_spec`.
        Raises:
            OSError: the process could not be started.
        """
        write_json(self.directory / _SPEC_FILE, asdict(spec))
        self.clear_stop_request()
        with self.log_path.open("wb") as log:
            process = start_module(module, [str(self.directory.resolve())], log)
        self.write_status(StepStatus(pid=process.pid, process_started_s=process.started_s))


class StopRequested(Exception):  # noqa: N818
    """The user asked to stop."""


class StepProgress:
    """Writes a job's progress a few times per second and obeys a stop request."""

    def __init__(self, job: StepJob) -> None:
        self._job = job
        self._identity = identify_process()
        self._last_write_s = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Report steps; raises `StopRequested` if the user asked to stop."""
        now = time.monotonic()
        if now - self._last_write_s < _REPORT_EVERY_S and done < total:
            return
        self._last_write_s = now
        if self._job.is_stop_requested():
            raise StopRequested
        self.update("running", done, total)

    def update(self, state: str, done: int = 0, total: int = 0, message: str = "") -> None:
        """Write the status."""
        identity = self._identity
        self._job.write_status(
            StepStatus(
                state=state,
                done=done,
                total=total,
                message=message,
                pid=identity.pid,
                process_started_s=identity.started_s,
            )
        )


def carry_out(job: StepJob, work: Callable[[StepProgress], object]) -> int:
    """Do a job's work in this process, the worker; the exit code is 0 on success."""
    with job.get_lock():
        # `start` has now written the first status.
        pass
    progress = StepProgress(job)
    lower_priority()
    state, message = _try(work, progress)
    progress.update(state, message=message)
    return 0 if state == "done" else 1


def _try(work: Callable[[StepProgress], object], progress: StepProgress) -> tuple[str, str]:
    """The final state, and a message where one is needed."""
    try:
        progress(0, 0)
        work(progress)
    except StopRequested:
        return "stopped", "Stopped by you."
    except DigitlabError as error:
        return "failed", str(error)
    except ModuleNotFoundError as error:
        return "failed", f"This needs the package {error.name}. Run `make install` and try again."
    except Exception as error:
        # The last resort: log the traceback, show the user one sentence.
        traceback.print_exc()
        return "failed", (
            f"The job failed ({type(error).__name__}: {describe_error(error)}). Traceback: see "
            "worker.log."
        )
    return "done", ""
