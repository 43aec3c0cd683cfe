"""Classify files: pictures, canvas drawings, and folders of them."""

import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.errors import DigitlabError, DrawingError
from digitlab.inference.multi_digit import BoxedDigit, read_many_drawing, read_many_picture
from digitlab.inference.reader import Answer, DigitReader
from digitlab.ink import decode_picture, parse_drawing, prepare_drawing, prepare_picture
from digitlab.ink.decode import PICTURE_SUFFIXES, measure_picture

DRAWING_SUFFIX = ".json"
_BATCH_SIZE = 128
_MAX_DRAWING_BYTES = 20_000_000


@dataclass(frozen=True)
class FileAnswer:
    """The answer to one file: either `answer` or `error` is set."""

    file: str
    answer: Answer | None = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return one line of `classify --json`."""
        if self.answer is None:
            return {"file": self.file, "digit": None, "error": self.error}
        return {
            "file": self.file,
            "digit": self.answer.digit if self.answer.is_digit else None,
            "confidence": self.answer.confidence,
            "no_digit": self.answer.no_digit,
            "probabilities": list(self.answer.probabilities),
        }


@dataclass(frozen=True)
class FileDigits:
    """All digits in one file: either `digits` or `error` is set.

    Boxes are in pixels of the drawing, or of the full picture in the file.
    """

    file: str
    digits: tuple[BoxedDigit, ...] | None = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return one line of `classify --many --json`."""
        if self.digits is None:
            return {"file": self.file, "digits": None, "error": self.error}
        digits = [
            {
                "digit": found.answer.digit if found.answer.is_digit else None,
                "confidence": found.answer.confidence,
                "box": [round(length, 1) for length in found.box],
            }
            for found in self.digits
        ]
        return {"file": self.file, "digits": digits}


def classify_paths(paths: Iterable[Path], reader: DigitReader) -> Iterator[FileAnswer]:
    """Classify files, and the pictures and drawings in folders.

    Args:
        paths: files and folders; they may be missing.
    Yields:
        One answer for each file, in order; for a file that cannot be read its error.
    """
    # Decoding and preparing release the GIL, so threads use all cores.
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for batch in _split_into_batches(_find_files(paths)):
            prepared = list(pool.map(partial(_prepare_file, reader=reader), batch))
            images = [result for result in prepared if isinstance(result, np.ndarray)]
            answers = iter(reader.read_many(np.stack(images)) if images else ())
            for path, result in zip(batch, prepared, strict=True):
                if isinstance(result, str):
                    yield FileAnswer(str(path), error=result)
                else:
                    yield FileAnswer(str(path), next(answers))


def classify_many_paths(paths: Iterable[Path], reader: DigitReader) -> Iterator[FileDigits]:
    """Read all digits of files, and of the pictures and drawings in folders.

    Args:
        paths: as for `classify_paths`.
    Yields:
        The digits of each file, in order; for a file that cannot be read its error.
    """
    for path in _find_files(paths):
        try:
            message = None if path.is_file() else _describe_missing(path)
            if message is None:
                digits = read_digits(path, reader, is_drawing=_is_drawing(path))
                yield FileDigits(str(path), digits)
                continue
        except DigitlabError as error:
            message = str(error)
        except OSError as error:
            message = _describe_unreadable(error)
        yield FileDigits(str(path), error=message)


def prepare_digit(source: Path | bytes, reader: DigitReader, *, is_drawing: bool) -> np.ndarray:
    """The 28x28 digit in a picture or in a canvas drawing.

    Args:
        source: a path, or the file's bytes.
        reader: a picture of which it is unsure is prepared in other ways too.
        is_drawing: whether it is a drawing, as JSON; else it is a picture.
    Returns:
        `(28, 28)` uint8, ink 255, paper 0.
    Raises:
        InkError: it cannot be read, or nothing is drawn.
        OSError: the file cannot be read.
    """
    if is_drawing:
        return prepare_drawing(parse_drawing(_load_drawing(source))).image
    return prepare_picture(decode_picture(source), reader.rate).image


def read_digits(
    source: Path | bytes, reader: DigitReader, *, is_drawing: bool
) -> tuple[BoxedDigit, ...]:
    """All digits in a picture or in a canvas drawing; boxes in pixels of the full picture.

    Args:
        source, is_drawing: as for `prepare_digit`.
        reader: classifies them.
    Raises:
        InkError: it cannot be read, or nothing is drawn.
        OSError: the file cannot be read.
    """
    if is_drawing:
        return tuple(read_many_drawing(parse_drawing(_load_drawing(source)), reader))
    picture = decode_picture(source)
    digits = read_many_picture(picture, reader)
    scale = measure_picture(source)[0] / picture.shape[1]
    return tuple(
        replace(digit, box=tuple(length * scale for length in digit.box)) for digit in digits
    )


def _load_drawing(source: Path | bytes) -> Any:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > _MAX_DRAWING_BYTES:
        raise DrawingError("The file is too large for a drawing.")
    try:
        return json.loads(source if isinstance(source, bytes) else source.read_bytes())
    except (ValueError, RecursionError) as error:
        raise DrawingError("The file is not JSON. Save the canvas's json_data.") from error


def _split_into_batches(paths: Iterable[Path]) -> Iterator[tuple[Path, ...]]:
    remaining = iter(paths)
    while batch := tuple(islice(remaining, _BATCH_SIZE)):
        yield batch


def _find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Expand folders to the pictures and drawings in them, sorted by name."""
    for path in paths:
        # Path.is_dir raises for a path that is too long or inside an unreadable folder.
        if not os.path.isdir(path):  # noqa: PTH112
            yield path
            continue
        errors: list[OSError] = []
        for folder, folders, names in os.walk(path, onerror=errors.append):
            folders.sort()
            for name in sorted(names):
                if name.lower().endswith((*PICTURE_SUFFIXES, DRAWING_SUFFIX)):
                    yield Path(folder) / name
        yield from (Path(error.filename) for error in errors)


def _is_drawing(path: Path) -> bool:
    return path.suffix.lower() == DRAWING_SUFFIX


def _prepare_file(path: Path, reader: DigitReader) -> np.ndarray | str:
    """The 28x28 digit in a file, or the sentence that describes its error."""
    try:
        # Also false for devices and pipes, which could be read forever.
        if not path.is_file():
            return _describe_missing(path)
        return prepare_digit(path, reader, is_drawing=_is_drawing(path))
    except DigitlabError as error:
        return str(error)
    except OSError as error:
        return _describe_unreadable(error)


def _describe_unreadable(error: OSError) -> str:
    return f"The file cannot be read: {error.strerror or error}."


def _describe_missing(path: Path) -> str:
    if path.is_dir():
        return "The folder cannot be read."
    return "Not a regular file." if path.exists() else "No such file."
