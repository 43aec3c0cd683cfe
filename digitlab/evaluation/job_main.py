"""The evaluation's worker process: `python -m digitlab.evaluation.job_main JOB_DIR`.

It answers through the job's folder only. LiteRT does the reading: Keras is not needed.
"""

import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

import numpy as np

from digitlab.datasets.loading import Dataset, load_dataset
from digitlab.errors import DigitlabError, ModelStoreError
from digitlab.evaluation.analysis import (
    build_feature_analysis,
    choose_evenly_spaced,
    compute_tsne_map,
    require_grayscale,
)
from digitlab.evaluation.jobs import Job, JobStatus
from digitlab.evaluation.report import EvaluationReport
from digitlab.evaluation.results_cache import (
    REPORT_FILE,
    ROBUSTNESS_FILE,
    TSNE_FILE,
    find_dataset,
    load_report,
)
from digitlab.evaluation.robustness import compute_robustness
from digitlab.model_store.store import StoredModel, get_model
from digitlab.processes import identify_process, lower_priority

_REPORT_EVERY_S = 0.3
# Enough for curves within a percent, in a minute on a small machine.
_N_ROBUSTNESS = 2000


class _Stopped(Exception):  # noqa: N818
    """Somebody asked to stop."""


def main(directory: Path) -> int:
    """Carry out one job; the exit code is 0 if its result is there."""
    job = Job(directory)
    progress = _JobProgress(job)
    lower_priority()
    state, message = _carry_out(job, progress)
    progress.update(state, message=message)
    return 0 if state == "done" else 1


def _carry_out(job: Job, progress: "_JobProgress") -> tuple[str, str]:
    """The state it ended in, and a sentence about it where one is needed."""
    try:
        progress(0, 0)
        model = get_model(job.read_model_id())
        _STUDIES[job.kind](job, model, load_report(model), progress)
    except _Stopped:
        return "stopped", "Stopped by you."
    except DigitlabError as error:
        return "failed", str(error)
    except ModuleNotFoundError as error:
        return "failed", f"This needs the package {error.name}. Run `make install` and try again."
    except Exception as error:
        # The last line of defence: the log keeps the traceback, the person gets a sentence.
        traceback.print_exc()
        return "failed", (
            f"The evaluation broke off ({type(error).__name__}: {error}). "
            f"The whole story is in {job.directory / 'worker.log'}."
        )
    return "done", ""


class _JobProgress:
    """Writes how far a job is, a few times a second, and notices a request to stop."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._mark = identify_process()
        self._last_write_s = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last_write_s < _REPORT_EVERY_S and done < total:
            return
        self._last_write_s = now
        if self._job.is_stop_requested():
            raise _Stopped
        self.update("running", done, total)

    def update(self, state: str, done: int = 0, total: int = 0, message: str = "") -> None:
        """Write the status."""
        mark = self._mark
        self._job.write_status(JobStatus(state, done, total, message, mark.pid, mark.started_s))


def _study_insight(
    job: Job, model: StoredModel, report: EvaluationReport, progress: _JobProgress
) -> None:
    dataset = _load_dataset(model, report, progress)
    feature_analysis = build_feature_analysis(
        model.read_content(), report, dataset, progress=progress
    )
    draft = job.directory / REPORT_FILE
    replace(report, feature_analysis=feature_analysis).save(draft)
    draft.replace(job.results_dir / REPORT_FILE)


def _study_robustness(
    job: Job, model: StoredModel, report: EvaluationReport, progress: _JobProgress
) -> None:
    images = _load_dataset(model, report, progress).images_test
    require_grayscale(images)
    chosen = choose_evenly_spaced(len(images), _N_ROBUSTNESS)
    robustness = compute_robustness(
        model.open_reader(), images[chosen], report.labels[chosen], progress=progress
    )
    robustness.save(job.results_dir / ROBUSTNESS_FILE)


def _study_tsne(
    job: Job, model: StoredModel, report: EvaluationReport, progress: _JobProgress
) -> None:
    images = _load_dataset(model, report, progress).images_test
    places = compute_tsne_map(model.read_content(), images, progress=progress)
    draft = job.directory / TSNE_FILE
    np.save(draft, places, allow_pickle=False)
    draft.replace(job.results_dir / TSNE_FILE)


def _fetch_pictures(
    _job: Job, model: StoredModel, report: EvaluationReport, progress: _JobProgress
) -> None:
    """They stay in the cache of data sets, where the page finds them."""
    _load_dataset(model, report, progress)


def _load_dataset(model: StoredModel, report: EvaluationReport, progress: _JobProgress) -> Dataset:
    """What the model was trained and tested on; downloaded where this machine lacks it."""
    dataset = find_dataset(model)
    if dataset is None:
        dataset = load_dataset(model.card["data"]["dataset"], progress=progress)
    if not np.array_equal(dataset.labels_test, report.labels):
        why = " ".join(dataset.load_errors) or "This machine has another version of it."
        raise ModelStoreError(
            f"The digits of this model's data set are needed. {why} Connect to the internet and "
            "start again, or put the data set into the folder that DIGITLAB_DATA names."
        )
    return dataset


_STUDIES = {
    "feature_analysis": _study_insight,
    "robustness": _study_robustness,
    "pictures": _fetch_pictures,
    "tsne": _study_tsne,
}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
