"""A model's answers and the pictures behind them, loaded once for all visitors."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from digitlab.datasets.loading import Dataset, fingerprint_local_files
from digitlab.datasets.registry import get_dataset_spec
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
from digitlab.model_store.store import StoredModel
from digitlab.reports.document import Subject

Stamp = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class EvaluatedModel:
    """A model on a test set.

    Attributes:
        pictures: as far as this machine has them; None where it has none.
        data: `label`, `n`, `is_sample`, `licence`, `notes`, as `describe_data` names them.
        names: where each picture came from, of a person's own set.
    """

    model: StoredModel
    report: EvaluationReport
    pictures: TestImages | None
    class_names: tuple[str, ...]
    data: dict[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @property
    def has_digits(self) -> bool:
        """Whether the pictures are handwritten digits, which the Draw page reads."""
        return self.model.reads_digits

    @property
    def available_images(self) -> np.ndarray | None:
        """`(m, h, w)` or `(m, h, w, 3)` uint8, the pictures that are here; None if none is."""
        if self.pictures is None:
            return None
        images: np.ndarray = self.pictures.images[self.pictures.is_available]
        return images

    def get_image(self, index: int) -> np.ndarray | None:
        """One picture; None where this machine does not have it."""
        if self.pictures is None or not self.pictures.is_available[index]:
            return None
        image: np.ndarray = self.pictures.images[index]
        return image

    def describe(self, index: int) -> str:
        """One answer in words."""
        report = self.report
        true = self.class_names[report.labels[index]]
        said = self.class_names[report.predictions[index]]
        sure = f"{report.confidences[index]:.1%} sure"
        words = f"{true}, read right" if report.is_correct[index] else f"{true}, read as {said}"
        return f"{words}, {sure}"

    def build_subject(self, latency_ms: float | None = None) -> Subject:
        """What a report file says it is about."""
        return Subject(
            model=self.model.label,
            data=self.data["label"],
            size_bytes=self.model.card["files"]["model.tflite"]["bytes"],
            latency_ms=latency_ms,
            notes=tuple(self.data["notes"]),
            class_names=self.class_names,
            licence=self.data["licence"],
        )


def load_evaluated_model(model: StoredModel) -> EvaluatedModel:
    """A model on the test set of its data.

    Raises:
        ModelStoreError: its report is missing or damaged.
    """
    # A finished job, or another model under the same id, changes a file's time.
    paths = (model.directory / REPORT_FILE, get_results_dir(model) / REPORT_FILE)
    times = tuple(map(_read_time, paths))
    return _load(str(model.directory), times, _stamp_data(model), _model=model)


def find_training_set(model: StoredModel) -> Dataset | None:
    """The training pictures, where this machine has them."""
    data = model.card["data"]
    return _find_dataset(
        data["dataset"], bool(data.get("is_sample")), _stamp_data(model), _model=model
    )


@st.cache_resource(show_spinner="Loading the test digits …", max_entries=8)
def _load(
    directory: str, times: tuple[int, ...], data_stamp: Stamp, *, _model: StoredModel
) -> EvaluatedModel:
    report = load_report(_model)
    spec = get_dataset_spec(_model.card["data"]["dataset"]).base_spec
    return EvaluatedModel(
        model=_model,
        report=report,
        pictures=load_test_images(_model, report),
        class_names=spec.class_names,
        data=describe_data(_model, report),
    )


@st.cache_resource(show_spinner="Looking for the training digits …", max_entries=2)
def _find_dataset(
    dataset: str, is_sample: bool, data_stamp: Stamp, *, _model: StoredModel
) -> Dataset | None:
    return find_dataset(_model)


def _stamp_data(model: StoredModel) -> Stamp:
    return fingerprint_local_files(model.card["data"]["dataset"])


def _read_time(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0
