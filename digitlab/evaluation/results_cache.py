"""What is known about a model on the shelf: beside the model, or in the cache."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.datasets.loading import Dataset, load_local_dataset
from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import ModelStoreError
from digitlab.evaluation.report import EvaluationReport, SavedImages
from digitlab.evaluation.robustness import Robustness
from digitlab.inference.reader import DigitReader
from digitlab.model_store.store import StoredModel, list_models
from digitlab.paths import get_cache_dir

REPORT_FILE, ROBUSTNESS_FILE, TSNE_FILE = "report.npz", "robustness.json", "tsne.npy"
_N_TIMED = 200


def get_results_dir(model: StoredModel) -> Path:
    """Where results about this very model file are cached; another file has another folder."""
    sha256 = model.card["files"]["model.tflite"]["sha256"]
    return get_cache_dir() / "evaluation" / f"{model.id}-{sha256[:16]}"


def load_report(model: StoredModel) -> EvaluationReport:
    """The model's report, with insight if any was computed.

    Raises:
        ModelStoreError: the report is missing or damaged.
    """
    report = EvaluationReport.load(model.directory / REPORT_FILE)
    cached = get_results_dir(model) / REPORT_FILE
    if report.feature_analysis is not None or not cached.is_file():
        return report
    return EvaluationReport.load(cached)


def load_robustness(model: StoredModel) -> Robustness | None:
    """The model's robustness; None where nobody has measured it.

    Raises:
        ModelStoreError: the file is damaged.
    """
    path = _find(model, ROBUSTNESS_FILE)
    return None if path is None else Robustness.load(path)


def load_map(model: StoredModel, report: EvaluationReport, kind: str = "pca") -> np.ndarray | None:
    """Where each test digit lies on a map of the network's features.

    Args:
        kind: "pca" or "tsne".
    Returns:
        `(n, 2)` float32; None where nobody has computed it.
    Raises:
        ModelStoreError: the file is damaged.
    """
    if kind == "pca":
        return (
            None
            if report.feature_analysis is None
            else report.feature_analysis.map.astype(np.float32)
        )
    path = _find(model, TSNE_FILE)
    if path is None:
        return None
    try:
        places: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelStoreError(f"The map {path} cannot be read: {error}.") from error
    return places if places.shape == (len(report.labels), 2) else None


def measure_digit_ms(reader: DigitReader, images: np.ndarray) -> float:
    """How long one digit takes, read alone as on the Draw page: the median in milliseconds.

    Args:
        images: `(n, 28, 28)` uint8, n > 0; the first 200 are read.
    """
    times_s = []
    for image in images[:_N_TIMED]:
        begin = time.perf_counter()
        reader.read(image)
        times_s.append(time.perf_counter() - begin)
    return float(np.median(times_s) * 1000)


def describe_data(model: StoredModel, report: EvaluationReport) -> dict[str, Any]:
    """Which data the figures are from: `label`, `n`, `is_sample`, `licence`, `notes`."""
    data = model.card["data"]
    # The card names the data set a model learned from; it may have been tested on another.
    spec = get_dataset_spec(data["dataset"]).base_spec
    return {
        "label": spec.label,
        "n": len(report.labels),
        "is_sample": bool(data.get("is_sample")),
        "licence": spec.licence,
        "notes": list(model.notes),
    }


def _find(model: StoredModel, name: str) -> Path | None:
    for folder in (get_results_dir(model), model.directory):
        if (folder / name).is_file():
            return folder / name
    return None


@dataclass(frozen=True)
class TestImages:
    """A test set's pictures, as far as they are here.

    Attributes:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8; paper where a picture is not known.
        is_known: `(n,)` bool.
    """

    images: np.ndarray
    is_known: np.ndarray

    @classmethod
    def of_all(cls, images: np.ndarray) -> "TestImages":
        """A whole set."""
        return cls(images, np.ones(len(images), bool))


def load_test_images(model: StoredModel, report: EvaluationReport) -> TestImages | None:
    """The pictures a model was tested on: all, if the data set is on this machine.

    If it is not, those that this report and others about the same test set keep.

    Args:
        report: the model's; pictures with other labels are not the ones.
    Returns:
        None where not one is known.
    """
    dataset = find_dataset(model)
    if dataset is not None and np.array_equal(dataset.labels_test, report.labels):
        return TestImages.of_all(dataset.images_test)
    all_kept = list(_list_kept(model, report))
    if not all_kept:
        return None
    shape = all_kept[0].images.shape[1:]
    pictures = TestImages(
        np.zeros((len(report.labels), *shape), np.uint8), np.zeros(len(report.labels), bool)
    )
    for kept in all_kept:
        if kept.images.shape[1:] != shape:
            continue
        pictures.images[kept.places] = kept.images
        pictures.is_known[kept.places] = True
    return pictures


def find_dataset(model: StoredModel) -> Dataset | None:
    """The data set a model was trained and tested on, if this machine has it.

    Of a model that learned more than MNIST this is MNIST, on which it was tested.
    """
    data = model.card["data"]
    return load_local_dataset(data["dataset"], is_sample=bool(data.get("is_sample")))


def _list_kept(model: StoredModel, report: EvaluationReport) -> Iterator[SavedImages]:
    if report.kept is not None:
        yield report.kept
    for other in list_models():
        if other.id == model.id:
            continue
        try:
            found = load_report(other)
        except ModelStoreError:
            # Its own page tells; here its pictures are only a help.
            continue
        if found.kept is not None and np.array_equal(found.labels, report.labels):
            yield found.kept
