"""`classify PATH…`: read the digits in files."""

import argparse
import json

from digitlab.classify import FileAnswer, FileDigits, classify_many_paths, classify_paths
from digitlab.errors import PictureError, ShelfError
from digitlab.many import tell_rows
from digitlab.reader import format_share
from digitlab.shelf import get_model


def run(options: argparse.Namespace) -> int:
    """Answer every file; the exit code is 1 if one could not be read."""
    model = get_model(options.model)
    if not model.reads_digits:
        raise ShelfError(f"The model {model.id} was not trained on digits. Choose another model.")
    reader = model.open_reader()
    n_files = n_errors = 0
    classify = classify_many_paths if options.many else classify_paths
    for answer in classify(options.paths, reader):
        n_files += 1
        n_errors += answer.error is not None
        print(json.dumps(answer.to_json()) if options.json else _tell(answer))
    if not n_files:
        raise PictureError("There are no pictures (PNG, JPEG, BMP, GIF, WebP) and no drawings.")
    return 1 if n_errors else 0


def _tell(answer: FileAnswer | FileDigits) -> str:
    if isinstance(answer, FileDigits):
        return _tell_digits(answer)
    if answer.answer is None:
        return f"{answer.file}: –  {answer.error}"
    told = answer.answer
    if not told.is_digit:
        doubt = f"no digit ({format_share(told.no_digit)}); if it is one, a {told.digit}"
        return f"{answer.file}: –  {doubt}"
    return f"{answer.file}: {told.digit}  {told.certainty} ({format_share(told.confidence)})"


def _tell_digits(found: FileDigits) -> str:
    """All digits in one line: `2 0 2 6`, rows parted by a stroke, – for what is no digit."""
    if found.digits is None:
        return f"{found.file}: –  {found.error}"
    return f"{found.file}: {' / '.join(' '.join(row) for row in tell_rows(found.digits))}"
