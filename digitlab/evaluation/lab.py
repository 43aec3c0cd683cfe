"""What is known about a model on the shelf: beside the model, or in the cache."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import ShelfError
from digitlab.evaluation.report import EvaluationReport
from digitlab.evaluation.robustness import Robustness
from digitlab.paths import get_cache_dir
from digitlab.reader import DigitReader
from digitlab.shelf import ShelvedModel

REPORT_FILE, ROBUSTNESS_FILE, TSNE_FILE = "report.npz", "robustness.json", "tsne.npy"
_N_TIMED = 200


def get_lab_dir(model: ShelvedModel) -> Path:
    """Where results about this very model file are cached; another file has another folder."""
    sha256 = model.card["files"]["model.tflite"]["sha256"]
    return get_cache_dir() / "evaluation" / f"{model.id}-{sha256[:16]}"


def load_report(model: ShelvedModel) -> EvaluationReport:
    """The model's report, with insight if any was computed.

    Raises:
        ShelfError: the report is missing or damaged.
    """
    report = EvaluationReport.load(model.directory / REPORT_FILE)
    cached = get_lab_dir(model) / REPORT_FILE
    if report.insight is not None or not cached.is_file():
        return report
    return EvaluationReport.load(cached)


def load_robustness(model: ShelvedModel) -> Robustness | None:
    """The model's robustness; None where nobody has measured it.

    Raises:
        ShelfError: the file is damaged.
    """
    path = _find(model, ROBUSTNESS_FILE)
    return None if path is None else Robustness.load(path)


def load_map(model: ShelvedModel, report: EvaluationReport, kind: str = "pca") -> np.ndarray | None:
    """Where each test digit lies on a map of the network's features.

    Args:
        kind: "pca" or "tsne".
    Returns:
        `(n, 2)` float32; None where nobody has computed it.
    Raises:
        ShelfError: the file is damaged.
    """
    if kind == "pca":
        return None if report.insight is None else report.insight.map.astype(np.float32)
    path = _find(model, TSNE_FILE)
    if path is None:
        return None
    try:
        places: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ShelfError(f"The map {path} cannot be read: {error}.") from error
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


def describe_data(model: ShelvedModel, report: EvaluationReport) -> dict[str, Any]:
    """Which data the figures are from: `label`, `n`, `is_sample`, `licence`, `notes`."""
    data = model.card["data"]
    # The card names the data set a model learned from; it may have been tested on another.
    spec = get_dataset_spec(data["dataset"]).test_spec
    return {
        "label": spec.label,
        "n": len(report.labels),
        "is_sample": bool(data.get("is_sample")),
        "licence": spec.licence,
        "notes": list(model.notes),
    }


def _find(model: ShelvedModel, name: str) -> Path | None:
    for folder in (get_lab_dir(model), model.directory):
        if (folder / name).is_file():
            return folder / name
    return None
