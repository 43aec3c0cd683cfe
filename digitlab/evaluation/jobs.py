"""Analyses of a model in a separate process: start one, follow it, stop it.

```
<cache>/evaluation/digitlab_cnn-27c187c4a5857510-0.7/
├── report.npz  robustness.json  tsne.npy     results
└── robustness/                               one folder per kind of analysis
    ├── job.json       model, kind and owner, written by whoever starts it
    ├── job.lock       held while it is being started
    ├── stop           its presence asks the worker to stop
    ├── status.json    StepStatus, replaced atomically
    └── worker.log     what the worker printed
```
"""

from dataclasses import dataclass
from pathlib import Path

from digitlab.errors import ModelStoreError, RunError, describe_error
from digitlab.evaluation.results_cache import get_results_dir
from digitlab.model_store.stored_model import StoredModel
from digitlab.owners import LOCAL_OWNER, check_owner
from digitlab.step_jobs import StepJob

JOB_KINDS = {
    "feature_analysis": "Nearest training images, the feature map and probable label errors",
    "robustness": "Accuracy under rotation, shift, scale, pen width, blur, noise and contrast",
    "test_images": "All images of the test set, downloaded from its publisher",
    "tsne": "The feature map by t-SNE, which keeps similar images together",
    "exports": "The model in all formats, each measured with its own runtime",
}
# The only place that names the modules of the workers: exporting needs Keras.
_WORKER_MODULES = {"exports": "digitlab.worker.export_main"}
_DEFAULT_WORKER_MODULE = "digitlab.evaluation.job_main"


@dataclass(frozen=True)
class JobSpec:
    """What an analysis is about.

    Attributes:
        model: the model's id.
        kind: one of `JOB_KINDS`.
        owner: who may stop it.
    """

    model: str
    kind: str
    owner: str = LOCAL_OWNER


@dataclass(frozen=True)
class AnalysisJob(StepJob):
    """One analysis, by its folder."""

    @property
    def kind(self) -> str:
        """One of `JOB_KINDS`."""
        return self.directory.name

    @property
    def results_dir(self) -> Path:
        """Where its result is written."""
        return self.directory.parent

    def read_spec(self) -> JobSpec:
        """What it is about.

        Raises:
            RunError: the job's file is damaged.
        """
        return self.load_spec(JobSpec, f"The analysis {self.kind}")


def find_job(model: StoredModel, kind: str) -> AnalysisJob | None:
    """The last analysis of this kind of this model file, running or not; None if there is none."""
    job = AnalysisJob(get_results_dir(model) / _check_kind(kind))
    return job if job.has_started else None


def start_job(model: StoredModel, kind: str, *, owner: str = LOCAL_OWNER) -> AnalysisJob:
    """Start an analysis, unless one of the same kind already runs on the same model.

    Args:
        kind: one of `JOB_KINDS`.
        owner: the acting owner.
    Returns:
        The job; it continues if the caller ends.
    Raises:
        RunError: the process could not be started.
    """
    job = AnalysisJob(get_results_dir(model) / _check_kind(kind))
    try:
        job.directory.mkdir(parents=True, exist_ok=True)
        with job.get_lock():
            if job.is_running():
                return job
            module = _WORKER_MODULES.get(kind, _DEFAULT_WORKER_MODULE)
            job.start(module, JobSpec(model.id, kind, owner))
    except OSError as error:
        raise RunError(f"The analysis could not be started: {describe_error(error)}.") from error
    return job


def stop_job(job: AnalysisJob, *, owner: str = LOCAL_OWNER) -> None:
    """Ask an analysis to stop at its next step; nothing is kept.

    Raises:
        OwnerError: another user started it.
        RunError: the request cannot be written.
    """
    check_owner(f"The analysis {job.kind}", job.read_spec().owner, owner)
    try:
        job.request_stop()
    except OSError as error:
        raise RunError(f"The analysis cannot be stopped: {describe_error(error)}.") from error


def _check_kind(kind: str) -> str:
    if kind not in JOB_KINDS:
        raise ModelStoreError(f"There is no analysis {kind!r}; choose from {', '.join(JOB_KINDS)}.")
    return kind
