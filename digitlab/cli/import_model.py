"""`import-model`: add a model file that was made elsewhere."""

import argparse

from digitlab.errors import ModelStoreError, describe_error
from digitlab.model_store.imports import describe_conversion, start_model_import
from digitlab.model_store.store import get_model
from digitlab.zip_safety import MAX_ARCHIVE_BYTES, MAX_UPLOAD_MB


def import_model(options: argparse.Namespace) -> int:
    """Import one file, and print what was found out about it."""
    if options.file.is_dir():
        raise ModelStoreError(
            f"{options.file} is a folder, such as a SavedModel. "
            f"{describe_conversion(str(options.file))}"
        )
    try:
        if options.file.stat().st_size > MAX_ARCHIVE_BYTES:
            raise ModelStoreError(
                f"{options.file} is larger than {MAX_UPLOAD_MB} MB. Import a smaller model."
            )
        content = options.file.read_bytes()
    except OSError as error:
        raise ModelStoreError(f"{options.file} cannot be read: {describe_error(error)}.") from error
    job = start_model_import(
        content, options.file.name, label=options.name or "", dataset=options.dataset or ""
    )
    try:
        status = job.wait()
        if status.state != "done":
            raise ModelStoreError(status.message)
        model = get_model(job.read_result())
    finally:
        job.discard()
    for sentence in (*model.card["imported"]["changes"], *model.notes):
        print(f"note: {sentence}")
    print(
        f"{model.id}: accuracy {model.accuracy:.4f} on {model.card['test']['n']:,} test images of "
        f"{model.card['data']['label']}"
    )
    return 0
