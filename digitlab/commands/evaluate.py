"""`evaluate`: test a model on a data set's test images."""

import argparse
import json
import sys
from typing import Any

from digitlab.datasets.load import Dataset, load_dataset
from digitlab.evaluation.metrics import compute_metrics
from digitlab.evaluation.report import evaluate_reader
from digitlab.shelf import ShelvedModel, get_model


def run(options: argparse.Namespace) -> int:
    """Print accuracy, loss, and precision, recall and F1 of each class."""
    model = get_model(options.model)
    dataset = load_dataset(options.data or model.card["data"]["dataset"], progress=_show_download)
    notes = [*dataset.notes, *_warn_of_known_digits(model, dataset)]
    report = evaluate_reader(model.open_reader(), dataset)
    metrics = compute_metrics(report.labels, report.probabilities)
    if options.json:
        head = {"model": model.id, "dataset": dataset.spec.id, "is_sample": dataset.is_sample}
        print(json.dumps(head | {"notes": notes} | metrics))
        return 0
    for note in (*dataset.refusals, *notes):
        print(f"note: {note}", file=sys.stderr)
    print(f"{model.id} on the {metrics['n']:,} test images of {dataset.spec.label}")
    _print_metrics(metrics, dataset.spec.class_names)
    return 0


def _warn_of_known_digits(model: ShelvedModel, dataset: Dataset) -> list[str]:
    """The sample's digits are from MNIST's training set: a model may have learned them."""
    is_new = model.card["data"].get("is_sample") or model.card["config"].get("exclude_sample")
    if not dataset.is_sample or not model.reads_digits or is_new:
        return []
    return [
        f"{model.id} was trained on digits of this sample: its figures here say nothing about "
        "digits it has not seen."
    ]


def _show_download(done_bytes: int, total_bytes: int) -> None:
    text = f"\rdownloading: {done_bytes / 1e6:.0f} of {total_bytes / 1e6:.0f} MB"
    print(text, end="\n" if done_bytes == total_bytes else "", file=sys.stderr)


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
