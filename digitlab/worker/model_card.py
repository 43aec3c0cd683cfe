"""The card that goes with a trained model: what it is, from what, how good, by which command."""

import hashlib
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from digitlab import __version__
from digitlab.datasets.loading import Dataset
from digitlab.datasets.registry import get_dataset_spec
from digitlab.evaluation.metrics import compute_metrics
from digitlab.evaluation.report import EvaluationReport
from digitlab.files import write_json
from digitlab.model_store.store import get_model
from digitlab.nets.architectures import get_net_spec
from digitlab.runs.run import Run
from digitlab.training.config import TrainConfig

_PACKAGES = ("keras", "tensorflow", "ai-edge-litert", "numpy", "opencv-python-headless")


def write_model_card(
    run: Run,
    config: TrainConfig,
    dataset: Dataset,
    report: EvaluationReport,
    *,
    n_training: int,
    fit_s: float,
    temperature: float | None = None,
) -> None:
    """Write `card.json` for a run whose model and report are saved.

    Args:
        n_training: how many images it was trained on.
        fit_s: how long training took, in seconds.
        temperature: what the logits were divided by, where confidences were calibrated.
    """
    metrics = compute_metrics(report.labels, report.probabilities)
    best = _find_best_epoch(run)
    spec = get_dataset_spec(config.dataset)
    card = {
        "label": get_net_spec(config.net).label,
        "net": config.net,
        "config": config.to_json(),
        "command": config.format_command(),
        **_describe_start(config),
        "data": {
            "dataset": config.dataset,
            "label": spec.label,
            "source": "offline sample" if dataset.is_sample else spec.homepage,
            "licence": spec.licence,
            "is_sample": dataset.is_sample,
            "notes": list(dataset.notes),
            "n_training": n_training,
        },
        "validation": best,
        "temperature": temperature,
        "test": {key: metrics[key] for key in ("n", "accuracy", "interval", "loss", "macro")},
        "training": {"epochs": len(run.read_history()), "seconds": round(fit_s, 1)},
        "files": {
            name: _describe_file(run.directory / name) for name in ("model.keras", "model.tflite")
        },
        "versions": {
            "digitlab": __version__,
            "python": platform.python_version(),
            **{name: _find_version(name) for name in _PACKAGES},
        },
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    write_json(run.directory / "card.json", card)


def _describe_start(config: TrainConfig) -> dict[str, Any]:
    """Which model it began with, for who wants to repeat it."""
    if not config.init_from:
        return {}
    model = get_model(config.init_from)
    start = {"id": model.id, "command": model.card["command"]}
    if "start" in model.card:
        start["start"] = model.card["start"]
    return {"start": start | {"sha256": model.card["files"]["model.keras"]["sha256"]}}


def _find_best_epoch(run: Run) -> dict[str, Any]:
    """The epoch whose weights were kept, by the same rule as the checkpoint's."""
    history = run.read_history()
    key = "val_loss" if "val_loss" in history[0] else "loss"
    best = min(range(len(history)), key=lambda k: (history[k][key], k))
    return {"epoch": best + 1, **{k: v for k, v in history[best].items() if k.startswith("val_")}}


def _describe_file(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _find_version(package: str) -> str:
    names = ("tensorflow", "tensorflow-cpu") if package == "tensorflow" else (package,)
    for name in names:
        try:
            return version(name)
        except ModuleNotFoundError:
            continue
    return "unknown"
