"""`evaluate`: test a model on a data set or on the user's labelled pictures."""

import argparse
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.datasets.download import format_download_progress
from digitlab.datasets.loading import Dataset, load_dataset
from digitlab.datasets.registry import find_dataset_spec
from digitlab.errors import ConfigError, DigitlabError, ModelStoreError
from digitlab.evaluation.analysis import build_feature_analysis, compute_tsne_map
from digitlab.evaluation.feature_analysis import FeatureAnalysis
from digitlab.evaluation.metrics import MACRO_NOTE
from digitlab.evaluation.report import EvaluationReport, evaluate_images, evaluate_reader
from digitlab.evaluation.results_cache import (
    REPORT_FILE,
    ROBUSTNESS_FILE,
    TSNE_FILE,
    find_dataset,
    get_results_dir,
    load_robustness,
    measure_latency_ms,
    save_tsne_map,
)
from digitlab.evaluation.robustness import compute_robustness
from digitlab.evaluation.saved_images import SavedImages, choose_indices_to_save
from digitlab.evaluation.user_test_set import read_labelled_folder, read_labelled_zip
from digitlab.jobs import ProgressCallback
from digitlab.model_store.formats import TFLITE
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.reports.document import Subject, render_html, to_json

_SAMPLE_PREFIX = "the offline sample of "
_OUT_SUFFIXES = (".html", ".json")


def evaluate_fully(model: StoredModel, dataset: Dataset) -> None:
    """Compute report, feature analysis, map and robustness; save them in the model's folder.

    The report includes the images of misclassified digits and of the smallest margins, which the
    pages show on a machine without the data set.

    Raises:
        ModelStoreError: only one of model and data set is of the offline sample, or the folder
            cannot be written.
    """
    if dataset.is_sample != model.is_sample:
        raise ModelStoreError(
            f"{model.id} was not trained on the available data: one of the two is only the offline "
            "sample. Connect to the internet, or set DIGITLAB_DATA to a folder with the data set."
        )
    reader = model.open_reader()
    report = evaluate_reader(reader, dataset)
    feature_analysis = build_feature_analysis(
        model.read_content(), report, dataset, progress=_report_progress("features")
    )
    robustness = compute_robustness(
        reader,
        dataset.images_test,
        dataset.labels_test,
        progress=_report_progress("robustness"),
    )
    tsne_map = compute_tsne_map(
        model.read_content(), dataset.images_test, progress=_report_progress("feature map")
    )
    try:
        saved = _choose_images_to_save(report, feature_analysis, dataset)
        report = replace(report, feature_analysis=feature_analysis, saved_images=saved)
        report.save(model.directory / REPORT_FILE)
        save_tsne_map(model.directory / TSNE_FILE, tsne_map)
        robustness.save(model.directory / ROBUSTNESS_FILE)
        # The page's own result, from fewer digits, would take precedence.
        (get_results_dir(model) / ROBUSTNESS_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise ModelStoreError(f"The report of {model.id} cannot be written: {error}.") from error


def _choose_images_to_save(
    report: EvaluationReport, feature_analysis: FeatureAnalysis, dataset: Dataset
) -> SavedImages:
    is_notable = ~report.is_correct | report.is_rejected | feature_analysis.is_probable_label_error
    n_classes = len(dataset.spec.class_names)
    indices = choose_indices_to_save(report.labels, is_notable, report.margins, n_classes)
    return SavedImages(indices, dataset.images_test[indices])


def _report_progress(task: str) -> ProgressCallback:
    def report(done: int, total: int) -> None:
        _print_progress(f"{task}: {done:,} of {total:,}", is_last=done == total)

    return report


def _report_download(done_bytes: int, total_bytes: int) -> None:
    text = format_download_progress(done_bytes, total_bytes)
    _print_progress(text, is_last=done_bytes == total_bytes)


def _print_progress(text: str, *, is_last: bool) -> None:
    print(f"\r{text}", end="\n" if is_last else "", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class _Evaluation:
    """A report and the test set it is about.

    Attributes:
        is_default_data: whether this is the test set of the model's own data set.
    """

    report: EvaluationReport
    images: np.ndarray
    name: str
    description: str
    class_names: tuple[str, ...]
    notes: tuple[str, ...]
    licence: str = ""
    is_sample: bool = False
    is_default_data: bool = False


def evaluate(options: argparse.Namespace) -> int:
    """Print accuracy, loss, and precision, recall and F1 of each class."""
    if options.out is not None and options.out.suffix.lower() not in _OUT_SUFFIXES:
        raise ConfigError(f"--out is {options.out}; its name must end in .html or .json.")
    model = get_model(options.model)
    if options.full:
        if options.data:
            raise ConfigError("--full evaluates on the data set of the model: omit --data.")
        dataset = find_dataset(model)
        if dataset is None:
            dataset = load_dataset(_get_dataset_id(model), progress=_report_download)
        evaluate_fully(model, dataset)
    evaluation = _evaluate(model, options.data)
    metrics = evaluation.report.metrics
    if options.out is not None:
        _write_report(model, evaluation, options.out)
    if options.json:
        head = {
            "model": model.id,
            "dataset": evaluation.name,
            "is_sample": evaluation.is_sample,
            "notes": list(evaluation.notes),
        }
        print(json.dumps(head | metrics))
        return 0
    for note in evaluation.notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"{model.id} on the {metrics['n']:,} {evaluation.description}")
    _print_metrics(metrics, evaluation.class_names)
    if options.out is not None:
        print(f"\nReport: {options.out}")
    return 0


def _get_dataset_id(model: StoredModel) -> str:
    return str(model.card["data"]["dataset"])


def _is_own_dataset(model: StoredModel, dataset: Dataset) -> bool:
    """Whether the model was trained on this data set, or on one that is derived from it."""
    spec = find_dataset_spec(_get_dataset_id(model))
    return spec is not None and spec.base_spec.id in (dataset.spec.id, dataset.spec.copy_of)


def _evaluate(model: StoredModel, data: str | None) -> _Evaluation:
    if data is not None and find_dataset_spec(data) is None and Path(data).exists():
        return _evaluate_pictures(model, Path(data))
    return _evaluate_dataset(model, data)


def _evaluate_dataset(model: StoredModel, data: str | None) -> _Evaluation:
    dataset = load_dataset(data or _get_dataset_id(model), progress=_report_download)
    for error in dataset.load_errors:
        print(f"note: {error}", file=sys.stderr)
    return _Evaluation(
        evaluate_reader(model.open_reader(), dataset),
        dataset.images_test,
        dataset.spec.id,
        f"test images of {_SAMPLE_PREFIX * dataset.is_sample}{dataset.spec.label}",
        dataset.spec.class_names,
        (*dataset.notes, *_warn_of_training_digits(model, dataset)),
        dataset.spec.licence,
        dataset.is_sample,
        _is_own_dataset(model, dataset),
    )


def _evaluate_pictures(model: StoredModel, path: Path) -> _Evaluation:
    if not model.reads_digits:
        raise ConfigError(f"{model.id} was not trained on digits. Choose another model.")
    read = read_labelled_folder if path.is_dir() else read_labelled_zip
    test_set = read(path, progress=_report_progress("pictures"))
    return _Evaluation(
        evaluate_images(model.open_reader(), test_set.images, test_set.labels),
        test_set.images,
        path.name,
        f"labelled pictures in {path}",
        tuple("0123456789"),
        tuple(test_set.describe_skipped()),
    )


def _warn_of_training_digits(model: StoredModel, dataset: Dataset) -> list[str]:
    """Warn if the test digits, the offline sample of MNIST's training set, were trained on."""
    is_unseen = model.is_sample or model.card["config"].get("exclude_sample")
    if not dataset.is_sample or not _is_own_dataset(model, dataset) or is_unseen:
        return []
    return [
        f"{model.id} was trained on digits of this sample, so these results do not show how it "
        "performs on unseen digits."
    ]


def _write_report(model: StoredModel, evaluation: _Evaluation, path: Path) -> None:
    subject = Subject(
        model.label,
        evaluation.description,
        model.card["files"][TFLITE.file_name]["bytes"],
        measure_latency_ms(model.open_reader(), evaluation.images),
        evaluation.notes,
        evaluation.class_names,
        evaluation.licence,
    )
    robustness = None
    try:
        robustness = load_robustness(model) if evaluation.is_default_data else None
    except ModelStoreError as error:
        # The report has everything else.
        print(f"note: {error}", file=sys.stderr)
    if path.suffix.lower() == ".json":
        values = to_json(subject, evaluation.report, robustness)
        text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    else:
        text = render_html(
            subject, evaluation.report, images=evaluation.images, robustness=robustness
        )
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DigitlabError(f"The report cannot be written to {path}: {error}.") from error


def _print_metrics(metrics: dict[str, Any], class_names: tuple[str, ...]) -> None:
    low, high = metrics["interval"]
    print(f"accuracy {metrics['accuracy']:.4f}  (95 % interval {low:.4f} to {high:.4f})")
    print(f"loss     {metrics['loss']:.4f}")
    width = max(12, *map(len, class_names))
    print(f"\n{'':{width}} precision  recall      F1  support")
    for row in metrics["per_class"]:
        name = class_names[row["class"]]
        print(
            f"{name:{width}} {row['precision']:9.4f} {row['recall']:7.4f} {row['f1']:7.4f} "
            f"{row['support']:8,}"
        )
    macro = metrics["macro"]
    print(f"{'macro':{width}} {macro['precision']:9.4f} {macro['recall']:7.4f} {macro['f1']:7.4f}")
    if not all(row["support"] for row in metrics["per_class"]):
        print(f"\n{MACRO_NOTE}")
