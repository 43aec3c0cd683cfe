"""`export`: write a model in all formats, and print how they compare."""

import argparse
import json
import shutil
import time
from dataclasses import asdict

from digitlab.errors import ModelStoreError, describe_error
from digitlab.evaluation.exports import EXPORTS_KIND, ExportedFile, find_export, load_exports
from digitlab.evaluation.jobs import start_job
from digitlab.model_store.formats import MODEL_FORMATS
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel

_INTERVAL_S = 0.3


def export(options: argparse.Namespace) -> int:
    """Export, measure, and copy the files that are asked for."""
    model = get_model(options.model_id)
    # Files that an earlier export made are up to date: the folder belongs to the model's hash.
    measured = load_exports(model)
    if not measured:
        _carry_out(model)
        measured = load_exports(model)
    chosen = [measured[each.id] for each in MODEL_FORMATS if _is_chosen(each.id, options.formats)]
    for one in chosen:
        print(json.dumps(asdict(one)) if options.json else _format_row(one))
    if options.out is not None:
        _copy_files(model, chosen, options)
    return 0


def _is_chosen(format_id: str, chosen: list[str] | None) -> bool:
    return chosen is None or format_id in chosen


def _carry_out(model: StoredModel) -> None:
    job = start_job(model, EXPORTS_KIND)
    while not (status := job.inspect()).is_final:
        time.sleep(_INTERVAL_S)
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


def _copy_files(
    model: StoredModel, chosen: list[ExportedFile], options: argparse.Namespace
) -> None:
    formats = {each.id: each for each in MODEL_FORMATS}
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        for one in chosen:
            model_format = formats[one.format]
            path = find_export(model, model_format)
            if path is not None:
                shutil.copyfile(path, options.out / model_format.get_download_name(model.id))
    except OSError as error:
        raise ModelStoreError(
            f"The files cannot be written to {options.out}: {describe_error(error)}."
        ) from error
