"""`export`: write a model in all formats, and print how they compare."""

import argparse
import json
import shutil
from dataclasses import asdict
from pathlib import Path

from digitlab.errors import ModelStoreError, describe_error
from digitlab.evaluation.exports import (
    EXPORTS_KIND,
    ExportedFile,
    find_export,
    is_up_to_date,
    load_exports,
)
from digitlab.evaluation.jobs import start_job
from digitlab.model_store.formats import MODEL_FORMATS, ModelFormat
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel


def export(options: argparse.Namespace) -> int:
    """Export, measure, and copy the files that are asked for."""
    model = get_model(options.model_id)
    if not model.has_keras_file:
        raise ModelStoreError(
            f"{model.id} came as .tflite, which cannot be converted to other formats."
        )
    measured = load_exports(model)
    if not is_up_to_date(measured):
        _carry_out(model)
        measured = load_exports(model)
    chosen = [each for each in MODEL_FORMATS if not options.formats or each.id in options.formats]
    for model_format in chosen:
        one = measured[model_format.id]
        print(json.dumps(asdict(one)) if options.json else _format_row(one))
    if options.out is not None:
        _copy_files(model, chosen, options.out)
    return 0


def _carry_out(model: StoredModel) -> None:
    job = start_job(model, EXPORTS_KIND)
    status = job.wait()
    if status.state != "done":
        raise ModelStoreError(status.message or "The export was stopped.")


def _format_row(one: ExportedFile) -> str:
    if one.note:
        return f"{one.format:15} {one.note}"
    return (
        f"{one.format:15} {one.n_bytes / 1e6:8.2f} MB {one.latency_ms:8.3f} ms an image, accuracy "
        f"{one.accuracy:.4f} on {one.n_tested:,}, agreement {one.agreement:.4f}, largest "
        f"difference {one.max_difference:.1e}"
    )


def _copy_files(model: StoredModel, formats: list[ModelFormat], folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for model_format in formats:
            path = find_export(model, model_format)
            if path is not None:
                shutil.copyfile(path, folder / model_format.get_download_name(model.id))
    except OSError as error:
        raise ModelStoreError(
            f"The files cannot be written to {folder}: {describe_error(error)}."
        ) from error
