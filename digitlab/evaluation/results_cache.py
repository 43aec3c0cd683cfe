"""Evaluation results of stored models: stored with the model, or in the cache."""

import io
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.datasets.loading import Dataset, load_local_dataset
from digitlab.datasets.registry import find_dataset_spec, find_test_set_spec
from digitlab.errors import ModelStoreError
from digitlab.evaluation.report import EvaluationReport
from digitlab.evaluation.robustness import Robustness
from digitlab.evaluation.saved_images import SavedImages
from digitlab.files import replace_file
from digitlab.inference.reader import DigitReader
from digitlab.model_store.store import list_models
from digitlab.model_store.stored_model import StoredModel
from digitlab.paths import get_cache_dir

REPORT_FILE, ROBUSTNESS_FILE, TSNE_FILE = "report.npz", "robustness.json", "tsne.npy"
_N_TIMED = 200
_log = logging.getLogger(__name__)


def get_results_dir(model: StoredModel) -> Path:
    """The folder that caches results of this model; another file or threshold has another one."""
    sha256 = model.card["files"]["model.tflite"]["sha256"]
    threshold = model.card["no_digit_threshold"]
    return get_cache_dir() / "evaluation" / f"{model.id}-{sha256[:16]}-{threshold}"


def load_report(model: StoredModel) -> EvaluationReport:
    """Load a model's report, with its feature analysis if there is one.

    Raises:
        ModelStoreError: the report beside the model is missing or damaged. A damaged report in the
            cache is ignored: the analysis can be computed again.
    """
    threshold = model.card["no_digit_threshold"]
    report = EvaluationReport.load(model.directory / REPORT_FILE, no_digit_threshold=threshold)
    cached = get_results_dir(model) / REPORT_FILE
    if report.feature_analysis is not None or not cached.is_file():
        return report
    try:
        return EvaluationReport.load(cached, no_digit_threshold=threshold)
    except ModelStoreError as error:
        _log.warning("%s", error)
        return report


def load_robustness(model: StoredModel) -> Robustness | None:
    """Load a model's robustness; None until it has been measured.

    Raises:
        ModelStoreError: the file is damaged.
    """
    path = _find(model, ROBUSTNESS_FILE)
    return None if path is None else Robustness.load(path)


def load_feature_map(
    model: StoredModel, report: EvaluationReport, kind: str = "pca"
) -> np.ndarray | None:
    """Load the test set's features projected onto two dimensions.

    Args:
        kind: "pca" or "tsne".
    Returns:
        `(n, 2)` float32; None until it has been computed.
    Raises:
        ModelStoreError: the file is damaged.
    """
    if kind == "pca":
        features = report.feature_analysis
        return None if features is None else features.map.astype(np.float32)
    path = _find(model, TSNE_FILE)
    if path is None:
        return None
    try:
        coordinates: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ModelStoreError(
            f"The t-SNE map of {model.id} is damaged ({error}). Compute it again."
        ) from error
    is_current = coordinates.shape == (len(report.labels), 2)
    return coordinates.astype(np.float32) if is_current else None


def has_tsne_map(model: StoredModel) -> bool:
    """Whether a map by t-SNE has been computed."""
    return _find(model, TSNE_FILE) is not None


def save_tsne_map(path: Path, coordinates: np.ndarray) -> None:
    """Write a map, `(n, 2)`; readers see the old file or the new one.

    Raises:
        OSError: it cannot be written.
    """
    content = io.BytesIO()
    # Half precision is a tenth of a point's size on the screen.
    np.save(content, coordinates.astype(np.float16), allow_pickle=False)
    replace_file(path, content.getvalue())


def measure_latency_ms(reader: DigitReader, images: np.ndarray) -> float:
    """Measure the median time for one image, classified alone as on the Draw page.

    Args:
        images: `(n, 28, 28)` uint8, n > 0; the first 200 are used.
    Returns:
        Milliseconds.
    """
    return measure_call_ms(reader.read, images[:_N_TIMED])


def measure_call_ms(classify_one: Callable[[np.ndarray], object], images: np.ndarray) -> float:
    """Measure the median time of a call, in milliseconds.

    Args:
        images: the call's arguments, one after the other.
    """
    times_s = []
    for image in images:
        start_s = time.perf_counter()
        classify_one(image)
        times_s.append(time.perf_counter() - start_s)
    return float(np.median(times_s) * 1000)


def describe_data(model: StoredModel, report: EvaluationReport) -> dict[str, Any]:
    """Describe a model's test set: `label`, `n`, `licence`, `notes`."""
    data = model.card["data"]
    # The card names the training set; some have the test images of another data set.
    trained_on = find_dataset_spec(data["dataset"])
    base = trained_on.base_spec if trained_on else None
    spec = find_test_set_spec(data.get("copy_id", "")) or base
    label = spec.label if spec else data["label"]
    return {
        "label": f"the offline sample of {label}" if model.is_sample else label,
        "n": len(report.labels),
        "licence": spec.licence if spec else data["licence"],
        "notes": list(model.notes),
    }


def _find(model: StoredModel, name: str) -> Path | None:
    for folder in (get_results_dir(model), model.directory):
        if (folder / name).is_file():
            return folder / name
    return None


@dataclass(frozen=True)
class TestImages:
    """The images of a test set that are available on this machine.

    Attributes:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8; zero where an image is unavailable.
        is_available: `(n,)` bool.
    """

    # Keep pytest from collecting this class.
    __test__ = False

    images: np.ndarray
    is_available: np.ndarray

    @classmethod
    def of_all(cls, images: np.ndarray) -> "TestImages":
        """A complete test set."""
        return cls(images, np.ones(len(images), bool))


def load_test_images(model: StoredModel, report: EvaluationReport) -> TestImages | None:
    """Load a model's test images: all of them if the data set is on this machine.

    If it is not, those that this report and others on the same test set store.

    Args:
        report: the model's; images of other test sets are ignored.
    Returns:
        None if no image is available.
    """
    dataset = find_dataset(model)
    if dataset is not None and np.array_equal(dataset.labels_test, report.labels):
        return TestImages.of_all(dataset.images_test)
    all_saved = list(_list_saved_images(model, report))
    if not all_saved:
        return None
    shape = all_saved[0].images.shape[1:]
    n = len(report.labels)
    found = TestImages(np.zeros((n, *shape), np.uint8), np.zeros(n, bool))
    for saved in all_saved:
        if saved.images.shape[1:] != shape:
            continue
        found.images[saved.indices] = saved.images
        found.is_available[saved.indices] = True
    return found


def find_dataset(model: StoredModel) -> Dataset | None:
    """Load the data set a model was trained and tested on, if this machine has it."""
    data = model.card["data"]
    if find_dataset_spec(data["dataset"]) is None:
        return None
    return load_local_dataset(
        data["dataset"], is_sample=model.is_sample, copy_id=data.get("copy_id", "")
    )


def _list_saved_images(model: StoredModel, report: EvaluationReport) -> Iterator[SavedImages]:
    if report.saved_images is not None:
        yield report.saved_images
    for other in list_models():
        if other.id == model.id:
            continue
        try:
            found = load_report(other)
        except ModelStoreError:
            # Selecting that model shows the error; this one does not need its images.
            continue
        if found.saved_images is not None and report.has_same_data(found):
            yield found.saved_images
