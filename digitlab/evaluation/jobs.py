"""Long looks at a model in a process of their own: start one, follow it, stop it.

```
<cache>/evaluation/digitlab_cnn-27c187c4a5857510/
├── report.npz  robustness.json  tsne.npy     results
└── robustness/                               one folder a kind of job
    ├── job.json       model and kind, written by who starts it
    ├── stop           its presence asks the worker to stop
    ├── status.json    how far it is, replaced atomically
    └── worker.log     what the worker printed
```
"""

import json
import subprocess
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from digitlab.errors import ModelStoreError, RunError
from digitlab.evaluation.results_cache import get_results_dir
from digitlab.files import write_json
from digitlab.model_store.store import StoredModel
from digitlab.processes import ProcessIdentity, identify_process, start_worker

JOB_KINDS = {
    "feature_analysis": "Nearest training digits, the map and labels that are probably wrong",
    "robustness": "Accuracy as digits are turned, moved, blurred and worn",
    "pictures": "All pictures of the test set, fetched from its publisher",
    "tsne": "The map by t-SNE, which keeps alike digits together",
}
FINAL_STATES = ("done", "stopped", "failed")
# Processes this one has started: only their parent can tell that they have ended.
_processes: "dict[Path, subprocess.Popen[bytes]]" = {}


@dataclass(frozen=True)
class JobStatus:
    """How far a job is.

    Attributes:
        state: "starting", "running", "done", "stopped" or "failed".
        done, total: steps; `total` is 0 where it is not known yet.
        message: a sentence for people, where something has to be said.
        pid, process_started_s: mark the worker; numbers alone are used again after a restart.
        updated_s: seconds since 1970 when this was written.
    """

    state: str = "starting"
    done: int = 0
    total: int = 0
    message: str = ""
    pid: int = 0
    process_started_s: float = 0.0
    updated_s: float = 0.0

    @property
    def process(self) -> ProcessIdentity:
        """The worker."""
        return ProcessIdentity(self.pid, self.process_started_s)

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in FINAL_STATES


@dataclass(frozen=True)
class Job:
    """One job, by its folder."""

    directory: Path

    @property
    def kind(self) -> str:
        """One of `JOB_KINDS`."""
        return self.directory.name

    @property
    def results_dir(self) -> Path:
        """Where its result is written."""
        return self.directory.parent

    def read_model_id(self) -> str:
        """The model it is about.

        Raises:
            RunError: the job's file cannot be read.
        """
        try:
            return str(json.loads((self.directory / "job.json").read_text("utf-8"))["model"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(f"The job {self.directory} cannot be read ({error}).") from error

    def read_status(self) -> JobStatus:
        """How far it is; "failed" if its process has ended without a word.

        Raises:
            RunError: the status file is damaged.
        """
        status = self._read_file()
        if status.is_over or self._is_alive(status.process):
            return status
        # Read again: it may have written its last word and ended in between.
        status = self._read_file()
        if status.is_over:
            return status
        message = (
            "The process ended unexpectedly, perhaps for want of memory. Start it again. "
            f"Its last words are in {self.directory / 'worker.log'}."
        )
        return replace(status, state="failed", message=message)

    def write_status(self, status: JobStatus) -> None:
        """Replace the status; a reader sees the old one or the new one, never half of one."""
        write_json(self.directory / "status.json", asdict(status) | {"updated_s": time.time()})

    def request_stop(self) -> None:
        """Ask the worker to stop at the next step; nothing is kept."""
        (self.directory / "stop").touch()

    def is_stop_requested(self) -> bool:
        """Whether somebody asked the worker to stop."""
        return (self.directory / "stop").exists()

    def _is_alive(self, process: ProcessIdentity) -> bool:
        if self.directory in _processes:
            return _processes[self.directory].poll() is None
        return process.is_alive()

    def _read_file(self) -> JobStatus:
        try:
            values = json.loads((self.directory / "status.json").read_text("utf-8"))
            known = {spec.name for spec in fields(JobStatus)}
            return JobStatus(**{key: value for key, value in values.items() if key in known})
        except FileNotFoundError:
            return JobStatus()
        except (OSError, ValueError, AttributeError) as error:
            raise RunError(f"The status of {self.directory} is damaged ({error}).") from error


def find_job(model: StoredModel, kind: str) -> Job | None:
    """The last job of this kind about this model file, running or over; None if there was none."""
    job = Job(get_results_dir(model) / _check_kind(kind))
    return job if (job.directory / "status.json").is_file() else None


def start_job(model: StoredModel, kind: str) -> Job:
    """Start a worker, unless one of the same kind already looks at the same model.

    Args:
        kind: one of `JOB_KINDS`.
    Returns:
        The job; it goes on if the caller ends.
    Raises:
        RunError: the worker could not be started.
    """
    running = find_job(model, kind)
    if running is not None and not running.read_status().is_over:
        return running
    job = Job(get_results_dir(model) / _check_kind(kind))
    try:
        job.directory.mkdir(parents=True, exist_ok=True)
        (job.directory / "stop").unlink(missing_ok=True)
        write_json(job.directory / "job.json", {"model": model.id, "kind": kind})
        # Before the worker lives, so that its own first word is never overwritten.
        own = identify_process()
        job.write_status(JobStatus(pid=own.pid, process_started_s=own.started_s))
        with (job.directory / "worker.log").open("wb") as log:
            _processes[job.directory] = start_worker(
                "digitlab.evaluation.job_main", [str(job.directory.resolve())], log
            )
    except OSError as error:
        raise RunError(f"The evaluation could not be started: {error}.") from error
    return job


def _check_kind(kind: str) -> str:
    if kind not in JOB_KINDS:
        raise ModelStoreError(f"{kind!r} is no evaluation; there is {', '.join(JOB_KINDS)}.")
    return kind
