"""The process of an analysis: `python -m digitlab.evaluation.job_main JOB_DIR`.

It communicates only through the job folder. LiteRT classifies; Keras is not needed.
"""

import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

import numpy as np

from digitlab.datasets.loading import Dataset, load_dataset
from digitlab.errors import DigitlabError, ModelStoreError, describe_error
from digitlab.evaluation.analysis import (
    build_feature_analysis,
    choose_evenly_spaced,
    compute_tsne_map,
    require_grayscale,
)
from digitlab.evaluation.jobs import AnalysisJob, AnalysisStatus, wait_until_started
from digitlab.evaluation.report import EvaluationReport
from digitlab.evaluation.results_cache import (
    REPORT_FILE,
    ROBUSTNESS_FILE,
    TSNE_FILE,
    find_dataset,
    load_report,
    save_tsne_map,
)
from digitlab.evaluation.robustness import compute_robustness
from digitlab.model_store.store import StoredModel, get_model
from digitlab.processes import identify_process, lower_priority

_REPORT_EVERY_S = 0.3
# Enough for curves within a percent, in a minute on a small machine.
_N_ROBUSTNESS = 2000


class _StopRequested(Exception):  # noqa: N818
    """The user asked to stop."""


def main(directory: Path) -> int:
    """Carry out one analysis; the exit code is 0 on success."""
    job = AnalysisJob(directory)
    wait_until_started(job)
    progress = _JobProgress(job)
    lower_priority()
    state, message = _carry_out(job, progress)
    progress.update(state, message=message)
    return 0 if state == "done" else 1


def _carry_out(job: AnalysisJob, progress: "_JobProgress") -> tuple[str, str]:
    """The final state, and a message where one is needed."""
    try:
        progress(0, 0)
        model = get_model(job.read_spec().model)
        _ANALYSES[job.kind](job, model, load_report(model), progress)
    except _StopRequested:
        return "stopped", "Stopped by you."
    except DigitlabError as error:
        return "failed", str(error)
    except ModuleNotFoundError as error:
        return "failed", f"This needs the package {error.name}. Run `make install` and try again."
    except Exception as error:
        # The last resort: log the traceback, show the user one sentence.
        traceback.print_exc()
        return "failed", (
            f"The analysis failed ({type(error).__name__}: {describe_error(error)}). Traceback: "
            "see worker.log."
        )
    return "done", ""


class _JobProgress:
    """Writes the progress a few times per second and obeys a stop request."""

    def __init__(self, job: AnalysisJob) -> None:
        self._job = job
        self._identity = identify_process()
        self._last_write_s = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last_write_s < _REPORT_EVERY_S and done < total:
            return
        self._last_write_s = now
        if self._job.is_stop_requested():
            raise _StopRequested
        self.update("running", done, total)

    def update(self, state: str, done: int = 0, total: int = 0, message: str = "") -> None:
        """Write the status."""
        identity = self._identity
        self._job.write_status(
            AnalysisStatus(
                state=state,
                done=done,
                total=total,
                message=message,
                pid=identity.pid,
                process_started_s=identity.started_s,
            )
        )


def _analyse_features(
    job: AnalysisJob, model: StoredModel, report: EvaluationReport, progress: _JobProgress
) -> None:
    dataset = _load_dataset(model, report, progress)
    feature_analysis = build_feature_analysis(
        model.read_content(), report, dataset, progress=progress
    )
    draft = job.directory / REPORT_FILE
    replace(report, feature_analysis=feature_analysis).save(draft)
    draft.replace(job.results_dir / REPORT_FILE)


def _measure_robustness(
    job: AnalysisJob, model: StoredModel, report: EvaluationReport, progress: _JobProgress
) -> None:
    images = _load_dataset(model, report, progress).images_test
    require_grayscale(images)
    chosen = choose_evenly_spaced(len(images), _N_ROBUSTNESS)
    robustness = compute_robustness(
        model.open_reader(), images[chosen], report.labels[chosen], progress=progress
    )
    robustness.save(job.results_dir / ROBUSTNESS_FILE)


def _compute_tsne(
    job: AnalysisJob, model: StoredModel, report: EvaluationReport, progress: _JobProgress
) -> None:
    images = _load_dataset(model, report, progress).images_test
    coordinates = compute_tsne_map(model.read_content(), images, progress=progress)
    save_tsne_map(job.results_dir / TSNE_FILE, coordinates)


def _fetch_test_images(
    _job: AnalysisJob, model: StoredModel, report: EvaluationReport, progress: _JobProgress
) -> None:
    """Downloaded images stay in the data set cache, where the page finds them."""
    _load_dataset(model, report, progress)


def _load_dataset(model: StoredModel, report: EvaluationReport, progress: _JobProgress) -> Dataset:
    """The data set that the model was evaluated on; downloaded if it is missing."""
    dataset = find_dataset(model)
    if dataset is None:
        dataset = load_dataset(model.card["data"]["dataset"], progress=progress)
    if not np.array_equal(dataset.labels_test, report.labels):
        why = " ".join(dataset.load_errors) or "This machine has another version of it."
        raise ModelStoreError(
            f"The images of this model's data set are needed. {why} Connect to the internet and "
            "start again, or put the data set into the folder that DIGITLAB_DATA names."
        )
    return dataset


_ANALYSES = {
    "feature_analysis": _analyse_features,
    "robustness": _measure_robustness,
    "test_images": _fetch_test_images,
    "tsne": _compute_tsne,
}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
