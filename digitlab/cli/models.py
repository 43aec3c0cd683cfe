"""`classify PATH…`: read the digits in files."""

import argparse
import json

from digitlab.errors import ModelStoreError, PictureError
from digitlab.inference.files import FileAnswer, FileDigits, classify_many_paths, classify_paths
from digitlab.inference.multi_digit import format_rows
from digitlab.inference.reader import format_percent
from digitlab.model_store.store import StoredModel, get_model, list_models


def classify(options: argparse.Namespace) -> int:
    """Answer every file; the exit code is 1 if one could not be read."""
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
        raise PictureError("There are no pictures (PNG, JPEG, BMP, GIF, WebP) and no drawings.")
    return 1 if n_errors else 0


def _format_answer(answer: FileAnswer | FileDigits) -> str:
    if isinstance(answer, FileDigits):
        return _tell_digits(answer)
    if answer.answer is None:
        return f"{answer.file}: –  {answer.error}"
    told = answer.answer
    if not told.is_digit:
        doubt = f"no digit ({format_percent(told.no_digit)}); if it is one, a {told.digit}"
        return f"{answer.file}: –  {doubt}"
    return f"{answer.file}: {told.digit}  {told.certainty} ({format_percent(told.confidence)})"


def _tell_digits(found: FileDigits) -> str:
    """All digits in one line: `2 0 2 6`, rows parted by a stroke, – for what is no digit."""
    if found.digits is None:
        return f"{found.file}: –  {found.error}"
    return f"{found.file}: {' / '.join(' '.join(row) for row in format_rows(found.digits))}"


def show_models(options: argparse.Namespace) -> int:
    """List the models, the default first."""
    for model in list_models():
        print(_model_to_json(model) if options.json else _format_model(model))
    return 0


def _model_to_json(model: StoredModel) -> str:
    return json.dumps({"id": model.id, **model.card}, ensure_ascii=False)


def _format_model(model: StoredModel) -> str:
    size = f"{model.card['files']['model.tflite']['bytes'] / 1000:6,.0f} kB"
    test = f"{model.accuracy:8.2%} of {model.card['test']['n']:,} test digits"
    lines = [f"{model.id:24} {test}  {size}  {model.label}"]
    return "\n".join([*lines, *(f"  note: {note}" for note in model.notes)])
