"""Write the card of a trained model: what it is, its data, its accuracy and its commands."""

import hashlib
import platform
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from digitlab import __version__
from digitlab.datasets.loading import Dataset
from digitlab.datasets.registry import get_dataset_spec
from digitlab.evaluation.report import EvaluationReport
from digitlab.files import write_json
from digitlab.inference.reader import N_DIGITS
from digitlab.model_store.card import (
    CARD_FILE,
    CardAncestor,
    CardData,
    CardFile,
    CardTest,
    ModelCard,
)
from digitlab.model_store.formats import MODEL_FORMATS, ModelFormat
from digitlab.model_store.stored_model import StoredModel
from digitlab.nets.registry import get_net_spec
from digitlab.runs.run import Run
from digitlab.training.config import TrainConfig
from digitlab.training.diagnosis import find_best_epoch

# For a model with a "no digit" class; chosen on validation data (docs/reading-ink.md).
NO_DIGIT_THRESHOLD = 0.6
_PACKAGES = ("keras", "tensorflow", "ai-edge-litert", "numpy", "opencv-python-headless")


def write_model_card(
    run: Run,
    config: TrainConfig,
    dataset: Dataset,
    report: EvaluationReport,
    *,
    source: StoredModel | None,
    teachers: Sequence[StoredModel],
    n_parameters: int,
    n_training: int,
    temperature: float | None,
) -> None:
    """Write `card.json` for a run whose model and report are saved.

    Args:
        source: the model whose weights training started from.
        teachers: the models whose probabilities it learned.
        n_parameters: weights and biases of the model.
        n_training: number of training images.
        temperature: what the logits were divided by, if confidences were calibrated.
    """
    history = run.read_history()
    meta = run.read_meta()
    formats = [
        model_format
        for model_format in MODEL_FORMATS
        if (run.directory / model_format.file_name).is_file()
    ]
    card: ModelCard = {
        "label": meta.label or get_net_spec(config.net).label,
        "owner": meta.owner,
        "net": config.net,
        "n_parameters": n_parameters,
        "no_digit_threshold": get_no_digit_threshold(config),
        "config": config.to_json(),
        "command": format_commands(run, [*([source] if source else []), *teachers]),
        "ancestors": _list_ancestors(source),
        "data": describe_data(config.dataset, dataset, n_training=n_training),
        "validation": _describe_best_epoch(run),
        "temperature": temperature,
        "test": describe_test(report),
        "training": {
            "epochs": len(history),
            # The history covers all sessions of a resumed run; a timer covers only the last.
            "seconds": round(sum(row["seconds"] for row in history), 1),
        },
        "files": describe_files(run.directory, formats),
        "versions": find_versions(formats),
        "created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    write_json(run.directory / CARD_FILE, card)


def describe_data(dataset_id: str, dataset: Dataset, *, n_training: int) -> CardData:
    """The data set of a model, for its card; `dataset` may be a copy, a base or a sample of it."""
    spec = get_dataset_spec(dataset_id)
    return {
        "dataset": dataset_id,
        "label": dataset.spec.label if dataset.spec.copy_of else spec.label,
        "source": "offline sample" if dataset.is_sample else spec.homepage,
        "licence": spec.licence,
        "is_sample": dataset.is_sample,
        "notes": list(dataset.notes),
        "n_training": n_training,
        "copy_id": dataset.spec.id if dataset.spec.copy_of else "",
        "class_names": list(dataset.spec.class_names),
        "image_shape": list(dataset.spec.image_shape),
    }


def find_versions(formats: Iterable[ModelFormat]) -> dict[str, str]:
    """The versions of the packages that trained a model and exported it in these formats."""
    packages = [*_PACKAGES, *(each.package for each in formats if each.package)]
    return {
        "digitlab": __version__,
        "python": platform.python_version(),
        **{package: _find_version(package) for package in packages},
    }


def get_no_digit_threshold(config: TrainConfig) -> float | None:
    """The threshold for a model of this run; None if its data has no "no digit" class."""
    spec = get_dataset_spec(config.dataset)
    has_class = spec.is_digits and len(spec.class_names) > N_DIGITS
    return NO_DIGIT_THRESHOLD if has_class else None


def format_commands(run: Run, sources: Iterable[StoredModel]) -> str:
    """The commands that train this model on a fresh clone, one per line.

    Args:
        sources: the models that its training needs.
    """
    # They are missing on a fresh clone: their commands come first, each once.
    lines = [line for source in sources if not source.is_shipped for line in _list_commands(source)]
    return "\n".join([*dict.fromkeys(lines), run.format_command()])


def _list_commands(source: StoredModel) -> list[str]:
    """The commands that train a stored model and save it under its id."""
    *before, last = source.card["command"].splitlines()
    parts = last.split()
    if parts[3] == "resume":
        return [*before, last, f"python -m digitlab save-model {parts[4]} {source.id}"]
    return [*before, f"{last} --save-as {source.id}"]


def _list_ancestors(source: StoredModel | None) -> list[CardAncestor]:
    if source is None:
        return []
    sha256 = source.card["files"]["model.keras"]["sha256"]
    return [{"id": source.id, "sha256": sha256}, *source.card["ancestors"]]


def _describe_best_epoch(run: Run) -> dict[str, int | float]:
    """The epoch whose weights were kept, from 1, and its validation metrics."""
    history = run.read_history()
    epoch = find_best_epoch(history)
    assert epoch is not None, "a model is exported only if an epoch has a finite loss"
    best = history[epoch - 1]
    return {"epoch": epoch, **{k: v for k, v in best.items() if k.startswith("val_")}}


def describe_test(report: EvaluationReport) -> CardTest:
    """The results on the test images, for the card."""
    metrics = report.metrics
    return {
        "n": metrics["n"],
        "accuracy": metrics["accuracy"],
        "interval": metrics["interval"],
        "loss": metrics["loss"],
        "macro": metrics["macro"],
    }


def describe_files(directory: Path, formats: Iterable[ModelFormat]) -> dict[str, CardFile]:
    """Size and hash of a model's files, by name, for the card."""
    contents = {each.file_name: (directory / each.file_name).read_bytes() for each in formats}
    return {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    }


def _find_version(package: str) -> str:
    names = ("tensorflow", "tensorflow-cpu") if package == "tensorflow" else (package,)
    for name in names:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "unknown"
