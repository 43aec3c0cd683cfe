"""`classify PATH…`: read the digits in files."""

import argparse
import json

from digitlab.classify import FileAnswer, classify_paths
from digitlab.errors import PictureError, ShelfError
from digitlab.reader import format_share
from digitlab.shelf import get_model


def run(options: argparse.Namespace) -> int:
    """Answer every file; the exit code is 1 if one could not be read."""
    model = get_model(options.model)
    if not model.reads_digits:
        raise ShelfError(f"The model {model.id} was not trained on digits. Choose another model.")
    reader = model.open_reader()
    n_files = n_errors = 0
    for answer in classify_paths(options.paths, reader):
        n_files += 1
        n_errors += answer.error is not None
        print(json.dumps(answer.to_json()) if options.json else _tell(answer))
    if not n_files:
        raise PictureError("There are no pictures (PNG, JPEG, BMP, GIF, WebP) and no drawings.")
    return 1 if n_errors else 0


def _tell(answer: FileAnswer) -> str:
    if answer.answer is None:
        return f"{answer.file}: –  {answer.error}"
    told = answer.answer
    if not told.is_digit:
        doubt = f"no digit ({format_share(told.no_digit)}); if it is one, a {told.digit}"
        return f"{answer.file}: –  {doubt}"
    return f"{answer.file}: {told.digit}  {told.certainty} ({format_share(told.confidence)})"
