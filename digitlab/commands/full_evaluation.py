"""`evaluate --full`: everything the Evaluate page shows, kept with the model."""

import sys
from collections.abc import Callable
from dataclasses import replace

from digitlab.datasets.load import Dataset
from digitlab.errors import ShelfError
from digitlab.evaluation.insight import Insight
from digitlab.evaluation.kept import KeptPictures, choose_kept
from digitlab.evaluation.lab import REPORT_FILE, ROBUSTNESS_FILE, get_lab_dir
from digitlab.evaluation.report import EvaluationReport, evaluate_reader
from digitlab.evaluation.robustness import compute_robustness
from digitlab.evaluation.study import build_insight
from digitlab.shelf import ShelvedModel


def evaluate_fully(model: ShelvedModel, dataset: Dataset) -> None:
    """Compute report, insight and robustness and write them into the model's folder.

    The report keeps the pictures of mistakes and close calls, so that they show on a machine
    without the data set.

    Raises:
        ShelfError: the offline sample stands in for the full set, or nothing can be written.
    """
    if dataset.is_sample != bool(model.card["data"].get("is_sample")):
        raise ShelfError(
            f"{model.id} was tested on the full data set and only the offline sample is here, or "
            "the other way round. "
            "Connect to the internet, or name a folder with the data set in DIGITLAB_DATA."
        )
    reader = model.open_reader()
    report = evaluate_reader(reader, dataset)
    insight = build_insight(model.read_content(), report, dataset, progress=_show("features"))
    robustness = None
    if dataset.images_test.ndim == 3:
        robustness = compute_robustness(
            reader, dataset.images_test, dataset.labels_test, progress=_show("robustness")
        )
    try:
        draft = model.directory / f".new-{REPORT_FILE}"
        kept = _keep_pictures(report, insight, dataset)
        replace(report, insight=insight, kept=kept).save(draft)
        draft.replace(model.directory / REPORT_FILE)
        if robustness is not None:
            robustness.save(model.directory / ROBUSTNESS_FILE)
            # Measured on fewer digits by the page, it would be found first.
            (get_lab_dir(model) / ROBUSTNESS_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise ShelfError(f"The report of {model.id} cannot be written: {error}.") from error


def _keep_pictures(report: EvaluationReport, insight: Insight, dataset: Dataset) -> KeptPictures:
    is_wanted = ~report.is_right | report.is_refused | insight.is_suspect
    n_classes = len(dataset.spec.class_names)
    places = choose_kept(report.labels, is_wanted, report.margins, n_classes)
    return KeptPictures(places, dataset.images_test[places])


def _show(what: str) -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{what}: {done:,} of {total:,}", end=end, file=sys.stderr, flush=True)

    return show
