"""`classify`, `models`, `rename-model` and `delete-model`: stored models on the command line."""

import argparse
import json
import sys

from digitlab.errors import ModelStoreError, PictureError
from digitlab.evaluation.exports import delete_model_and_exports
from digitlab.inference.files import FileAnswer, FileDigits, classify_many_paths, classify_paths
from digitlab.inference.multi_digit import format_rows
from digitlab.inference.reader import format_percent
from digitlab.ink.decode import FORMAT_NAMES
from digitlab.model_store.formats import TFLITE
from digitlab.model_store.store import (
    get_model,
    list_damaged_models,
    list_models,
    publish_model,
    rename_model,
)
from digitlab.model_store.stored_model import StoredModel


def classify(options: argparse.Namespace) -> int:
    """Classify each file; the exit code is 1 if one could not be read."""
    model = get_model(options.model)
    if not model.reads_digits:
        raise ModelStoreError(
            f"The model {model.id} was not trained on digits. Choose another model."
        )
    reader = model.open_reader()
    n_files = n_errors = 0
    classify = classify_many_paths if options.many else classify_paths
    for answer in classify(options.paths, reader):
        n_files += 1
        n_errors += answer.error is not None
        print(json.dumps(answer.to_json()) if options.json else _format_answer(answer))
    if not n_files:
        raise PictureError(f"No pictures ({FORMAT_NAMES}) or drawings (JSON) found.")
    return 1 if n_errors else 0


def _format_answer(answer: FileAnswer | FileDigits) -> str:
    if isinstance(answer, FileDigits):
        return _format_digits(answer)
    if answer.answer is None:
        return f"{answer.file}: –  {answer.error}"
    result = answer.answer
    if not result.is_digit:
        rejection = f"not a digit ({format_percent(result.no_digit)}); best guess {result.digit}"
        return f"{answer.file}: –  {rejection}"
    return (
        f"{answer.file}: {result.digit}  {result.certainty} ({format_percent(result.confidence)})"
    )


def _format_digits(answer: FileDigits) -> str:
    """All digits on one line: `2 0 2 6`, rows separated by a slash, – for what is not a digit."""
    if answer.digits is None:
        return f"{answer.file}: –  {answer.error}"
    return f"{answer.file}: {' / '.join(' '.join(row) for row in format_rows(answer.digits))}"


def show_models(options: argparse.Namespace) -> int:
    """Print a table, or one JSON object per model; the default model comes first."""
    for model in list_models():
        print(_model_to_json(model) if options.json else _format_model(model))
    for error in list_damaged_models().values():
        print(f"note: {error}", file=sys.stderr)
    return 0


def _model_to_json(model: StoredModel) -> str:
    return json.dumps({"id": model.id, **model.card}, ensure_ascii=False)


def _format_model(model: StoredModel) -> str:
    size = f"{model.card['files'][TFLITE.file_name]['bytes'] / 1000:6,.0f} kB"
    test = f"{model.accuracy:8.2%} of {model.card['test']['n']:,} test images"
    lines = [f"{model.id:24} {test}  {size}  {model.label}"]
    return "\n".join([*lines, *(f"  note: {note}" for note in model.notes)])


def rename(options: argparse.Namespace) -> int:
    """Change a model's label; its id stays the same."""
    model = rename_model(options.model_id, options.label)
    print(f"{model.id} is now named {model.label}.")
    return 0


def publish(options: argparse.Namespace) -> int:
    """Show a visitor's model to all visitors of a hosted app."""
    model = publish_model(options.model_id)
    print(f"{model.label} is published.")
    return 0


def delete(options: argparse.Namespace) -> int:
    """Delete a saved model."""
    delete_model_and_exports(options.model_id)
    print(f"{options.model_id} was deleted.")
    return 0
