"""The process of an analysis: `python -m digitlab.evaluation.job_main JOB_DIR`.

It communicates only through the job folder. LiteRT classifies; Keras is not needed.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from digitlab.datasets.loading import Dataset, load_dataset
from digitlab.errors import ModelStoreError
from digitlab.evaluation.analysis import (
    build_feature_analysis,
    choose_evenly_spaced,
    compute_tsne_map,
)
from digitlab.evaluation.jobs import AnalysisJob
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
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.step_jobs import StepProgress, carry_out

# Enough for curves within a percent, in a minute on a small machine.
_N_ROBUSTNESS = 2000


def main(directory: Path) -> int:
    """Carry out one analysis; the exit code is 0 on success."""
    job = AnalysisJob(directory)

    def analyse(progress: StepProgress) -> None:
        model = get_model(job.read_spec().model)
        _ANALYSES[job.kind](job, model, load_report(model), progress)

    return carry_out(job, analyse)


def _analyse_features(
    job: AnalysisJob, model: StoredModel, report: EvaluationReport, progress: StepProgress
) -> None:
    dataset = _load_dataset(model, report, progress)
    feature_analysis = build_feature_analysis(
        model.read_content(), report, dataset, progress=progress
    )
    draft = job.directory / REPORT_FILE
    replace(report, feature_analysis=feature_analysis).save(draft)
    draft.replace(job.results_dir / REPORT_FILE)


def _measure_robustness(
    job: AnalysisJob, model: StoredModel, report: EvaluationReport, progress: StepProgress
) -> None:
    images = _load_dataset(model, report, progress).images_test
    chosen = choose_evenly_spaced(len(images), _N_ROBUSTNESS)
    robustness = compute_robustness(
        model.open_reader(), images[chosen], report.labels[chosen], progress=progress
    )
    robustness.save(job.results_dir / ROBUSTNESS_FILE)


def _compute_tsne(
    job: AnalysisJob, model: StoredModel, report: EvaluationReport, progress: StepProgress
) -> None:
    images = _load_dataset(model, report, progress).images_test
    coordinates = compute_tsne_map(model.read_content(), images, progress=progress)
    save_tsne_map(job.results_dir / TSNE_FILE, coordinates)


def _fetch_test_images(
    _job: AnalysisJob, model: StoredModel, report: EvaluationReport, progress: StepProgress
) -> None:
    """Downloaded images stay in the data set cache, where the page finds them."""
    _load_dataset(model, report, progress)


def _load_dataset(model: StoredModel, report: EvaluationReport, progress: StepProgress) -> Dataset:
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
