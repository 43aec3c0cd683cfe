"""`evaluate`: test a model on a data set's test images, or on labelled pictures of one's own."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.datasets.loading import Dataset, load_dataset
from digitlab.datasets.registry import DATASETS
from digitlab.datasets.sources import format_download_progress
from digitlab.errors import ConfigError, DigitlabError, ModelStoreError
from digitlab.evaluation.analysis import build_feature_analysis
from digitlab.evaluation.feature_analysis import FeatureAnalysis
from digitlab.evaluation.report import EvaluationReport, evaluate_images, evaluate_reader
from digitlab.evaluation.results_cache import (
    REPORT_FILE,
    ROBUSTNESS_FILE,
    find_dataset,
    get_results_dir,
    load_robustness,
    measure_latency_ms,
)
from digitlab.evaluation.robustness import compute_robustness
from digitlab.evaluation.saved_images import SavedImages, choose_indices_to_save
from digitlab.evaluation.user_test_set import read_labelled_folder, read_labelled_zip
from digitlab.model_store.store import StoredModel, get_model
from digitlab.reports.document import Subject, render_html, to_json

_OUT_SUFFIXES = (".html", ".json")


def evaluate_fully(model: StoredModel, dataset: Dataset) -> None:
    """Compute report, insight and robustness and write them into the model's folder.

    The report keeps the pictures of mistakes and close calls, so that they show on a machine
    without the data set.

    Raises:
        ModelStoreError: the offline sample stands in for the full set, or nothing can be written.
    """
    if dataset.is_sample != bool(model.card["data"].get("is_sample")):
        raise ModelStoreError(
            f"{model.id} was tested on the full data set and only the offline sample is here, or "
            "the other way round. "
            "Connect to the internet, or name a folder with the data set in DIGITLAB_DATA."
        )
    reader = model.open_reader()
    report = evaluate_reader(reader, dataset)
    feature_analysis = build_feature_analysis(
        model.read_content(), report, dataset, progress=_show("features")
    )
    robustness = None
    if dataset.images_test.ndim == 3:
        robustness = compute_robustness(
            reader, dataset.images_test, dataset.labels_test, progress=_show("robustness")
        )
    try:
        saved = _choose_saved_images(report, feature_analysis, dataset)
        report = replace(report, feature_analysis=feature_analysis, saved_images=saved)
        report.save(model.directory / REPORT_FILE)
        if robustness is not None:
            robustness.save(model.directory / ROBUSTNESS_FILE)
            # Measured on fewer digits by the page, it would be found first.
            (get_results_dir(model) / ROBUSTNESS_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise ModelStoreError(f"The report of {model.id} cannot be written: {error}.") from error


def _choose_saved_images(
    report: EvaluationReport, feature_analysis: FeatureAnalysis, dataset: Dataset
) -> SavedImages:
    is_wanted = ~report.is_correct | report.is_rejected | feature_analysis.is_probable_label_error
    n_classes = len(dataset.spec.class_names)
    indices = choose_indices_to_save(report.labels, is_wanted, report.margins, n_classes)
    return SavedImages(indices, dataset.images_test[indices])


def _show(what: str) -> Callable[[int, int], None]:
    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{what}: {done:,} of {total:,}", end=end, file=sys.stderr, flush=True)

    return show


@dataclass(frozen=True)
class _Tested:
    """What was tested on, and what came of it."""

    report: EvaluationReport
    images: np.ndarray
    name: str
    description: str
    class_names: tuple[str, ...]
    notes: tuple[str, ...]
    licence: str = ""
    is_sample: bool = False
    is_own_data: bool = False


def evaluate(options: argparse.Namespace) -> int:
    """Print accuracy, loss, and precision, recall and F1 of each class."""
    if options.out is not None and options.out.suffix.lower() not in _OUT_SUFFIXES:
        raise ConfigError(f"--out is {options.out}; its name must end in .html or .json.")
    model = get_model(options.model)
    if options.full:
        if options.data:
            raise ConfigError("--full keeps figures with the model: leave --data out.")
        dataset = find_dataset(model)
        if dataset is None:
            dataset = load_dataset(_get_dataset_id(model), progress=_show_download)
        evaluate_fully(model, dataset)
    tested = _test(model, options.data)
    metrics = tested.report.metrics
    if options.out is not None:
        _write(model, tested, options.out)
    if options.json:
        head = {"model": model.id, "dataset": tested.name, "is_sample": tested.is_sample}
        print(json.dumps(head | {"notes": list(tested.notes)} | metrics))
        return 0
    for note in tested.notes:
        print(f"note: {note}", file=sys.stderr)
    print(f"{model.id} on the {metrics['n']:,} {tested.description}")
    _print_metrics(metrics, tested.class_names)
    if options.out is not None:
        print(f"\nThe report is in {options.out}.")
    return 0


def _get_dataset_id(model: StoredModel) -> str:
    return str(model.card["data"]["dataset"])


def _test(model: StoredModel, data: str | None) -> _Tested:
    is_path = data is not None and data not in DATASETS and Path(data).exists()
    return _test_own(model, Path(str(data))) if is_path else _test_dataset(model, data)


def _test_dataset(model: StoredModel, data: str | None) -> _Tested:
    dataset = load_dataset(data or _get_dataset_id(model), progress=_show_download)
    for refusal in dataset.load_errors:
        print(f"note: {refusal}", file=sys.stderr)
    return _Tested(
        evaluate_reader(model.open_reader(), dataset),
        dataset.images_test,
        dataset.spec.id,
        f"test images of {dataset.spec.label}",
        dataset.spec.class_names,
        (*dataset.notes, *_warn_of_known_digits(model, dataset)),
        dataset.spec.licence,
        dataset.is_sample,
        dataset.spec.id == DATASETS[_get_dataset_id(model)].base_spec.id,
    )


def _test_own(model: StoredModel, path: Path) -> _Tested:
    if not model.reads_digits:
        raise ConfigError(f"{model.id} does not read digits: choose a model that does.")
    read = read_labelled_folder if path.is_dir() else read_labelled_zip
    own = read(path, progress=_show_reading)
    return _Tested(
        evaluate_images(model.open_reader(), own.images, own.labels),
        own.images,
        path.name,
        f"labelled pictures of {path}",
        tuple("0123456789"),
        tuple(own.describe_skipped()),
    )


def _warn_of_known_digits(model: StoredModel, dataset: Dataset) -> list[str]:
    """The sample's digits are from MNIST's training set: a model may have learned them."""
    is_new = model.card["data"].get("is_sample") or model.card["config"].get("exclude_sample")
    if not dataset.is_sample or not model.reads_digits or is_new:
        return []
    return [
        f"{model.id} was trained on digits of this sample: its figures here say nothing about "
        "digits it has not seen."
    ]


def _write(model: StoredModel, tested: _Tested, path: Path) -> None:
    subject = Subject(
        model.label,
        tested.description,
        int(model.card["files"]["model.tflite"]["bytes"]),
        measure_latency_ms(model.open_reader(), tested.images),
        tested.notes,
        tested.class_names,
        tested.licence,
    )
    robustness = load_robustness(model) if tested.is_own_data else None
    if path.suffix.lower() == ".json":
        values = to_json(subject, tested.report, robustness)
        text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    else:
        text = render_html(subject, tested.report, images=tested.images, robustness=robustness)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DigitlabError(f"The report cannot be written to {path}: {error}.") from error


def _show_download(done_bytes: int, total_bytes: int) -> None:
    text = format_download_progress(done_bytes, total_bytes)
    print(f"\r{text}", end="\n" if done_bytes == total_bytes else "", file=sys.stderr)


def _show_reading(done: int, total: int) -> None:
    text = f"\rreading: {done:,} of {total:,} pictures"
    print(text, end="\n" if done == total else "", file=sys.stderr)


def _print_metrics(metrics: dict[str, Any], class_names: tuple[str, ...]) -> None:
    low, high = metrics["interval"]
    print(f"accuracy {metrics['accuracy']:.4f}  (95 % interval {low:.4f} to {high:.4f})")
    print(f"loss     {metrics['loss']:.4f}")
    print(f"\n{'':12} precision  recall      F1  support")
    for row in metrics["per_class"]:
        name = class_names[row["class"]]
        print(
            f"{name:12} {row['precision']:9.4f} {row['recall']:7.4f} {row['f1']:7.4f} "
            f"{row['support']:8,}"
        )
    macro = metrics["macro"]
    print(f"{'macro':12} {macro['precision']:9.4f} {macro['recall']:7.4f} {macro['f1']:7.4f}")
