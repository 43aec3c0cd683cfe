"""A model with its predictions and the test images, loaded once for all sessions."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.datasets.loading import Dataset, fingerprint_local_files
from digitlab.datasets.registry import find_dataset_spec
from digitlab.evaluation.gallery import GalleryQuery, find_samples
from digitlab.evaluation.report import EvaluationReport
from digitlab.evaluation.results_cache import (
    REPORT_FILE,
    TestImages,
    describe_data,
    find_dataset,
    get_results_dir,
    load_report,
    load_test_images,
)
from digitlab.model_store.card import CARD_FILE
from digitlab.model_store.stored_model import StoredModel
from digitlab.reports.document import Subject
from digitlab.ui.byte_cache import ByteCache

Fingerprint = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class EvaluatedModel:
    """A model on a test set.

    Attributes:
        images: those that are available on this machine; None if none is.
        data: `label`, `n`, `licence`, `notes`, as `describe_data` returns them.
        names: of a user test set: the file of each image. Empty for the model's own test set.
    """

    model: StoredModel
    report: EvaluationReport
    images: TestImages | None
    class_names: tuple[str, ...]
    data: dict[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @property
    def is_digits(self) -> bool:
        """Whether the images are handwritten digits, which the Draw page can read."""
        return self.model.reads_digits

    @property
    def is_grayscale(self) -> bool:
        """Whether the network takes grayscale images, `(h, w)`."""
        return len(self.model.image_shape) == 2

    @property
    def noun(self) -> str:
        """What one test image is called on the page."""
        return "digit" if self.is_digits else "image"

    @property
    def available_images(self) -> np.ndarray | None:
        """`(m, h, w)` or `(m, h, w, 3)` uint8; None if no image is available."""
        if self.images is None:
            return None
        images: np.ndarray = self.images.images[self.images.is_available]
        return images

    def get_image(self, index: int) -> np.ndarray | None:
        """One test image; None if it is not available."""
        if self.images is None or not self.images.is_available[index]:
            return None
        image: np.ndarray = self.images.images[index]
        return image

    def describe_prediction(self, index: int) -> str:
        """One prediction as text: "Actual 4, predicted 9, confidence 71.3%"."""
        report = self.report
        actual = self.class_names[report.labels[index]]
        predicted = self.class_names[report.predictions[index]]
        confidence = f"confidence {report.confidences[index]:.1%}"
        return f"Actual {actual}, predicted {predicted}, {confidence}"

    def build_subject(self, latency_ms: float | None = None) -> Subject:
        """What a report file is about."""
        return Subject(
            model=self.model.label,
            data=self.data["label"],
            size_bytes=self.model.size_bytes,
            latency_ms=latency_ms,
            notes=tuple(self.data["notes"]),
            class_names=self.class_names,
            licence=self.data["licence"],
        )


@dataclass(frozen=True)
class ShownSamples:
    """The test images of a view, in its order: Previous and Next go from one to the next.

    Attributes:
        indices: `(k,)` indices into the test set.
    """

    evaluated: EvaluatedModel
    indices: np.ndarray

    @classmethod
    def of_errors(cls, evaluated: EvaluatedModel) -> "ShownSamples":
        """All errors, the most confident first."""
        return cls(evaluated, find_samples(evaluated.report, GalleryQuery(correct=False)))


# Of MNIST 8 MB and of CIFAR-10 31 MB, with the report.
_test_sets: ByteCache[EvaluatedModel] = ByteCache(80, "Loading the test images …")
# CIFAR-10 takes 184 MB.
_training_sets: ByteCache[Dataset | None] = ByteCache(190, "Looking for the training images …")


def load_evaluated_model(model: StoredModel) -> EvaluatedModel:
    """Load a model's report and test images.

    Raises:
        ModelStoreError: its report is missing or damaged.
    """
    # A finished analysis, a new label, or another model under the same id changes a file's time.
    paths = (
        model.directory / REPORT_FILE,
        get_results_dir(model) / REPORT_FILE,
        model.directory / CARD_FILE,
    )
    times = tuple(map(_read_modification_time, paths))
    key = (str(model.directory), times, _get_data_fingerprint(model))
    return _test_sets.get(key, lambda: _load(model))


def find_training_set(model: StoredModel) -> Dataset | None:
    """The model's data set, if it is on this machine."""
    data = model.card["data"]
    key = (data["dataset"], data["is_sample"], _get_data_fingerprint(model))
    return _training_sets.get(key, lambda: find_dataset(model))


def _load(model: StoredModel) -> EvaluatedModel:
    report = load_report(model)
    return EvaluatedModel(
        model=model,
        report=report,
        images=load_test_images(model, report),
        class_names=model.class_names,
        data=describe_data(model, report),
    )


def _get_data_fingerprint(model: StoredModel) -> Fingerprint:
    dataset_id = model.card["data"]["dataset"]
    return fingerprint_local_files(dataset_id) if find_dataset_spec(dataset_id) else ()


def _read_modification_time(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0
