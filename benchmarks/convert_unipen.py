"""Convert UNIPEN's published record to digitlab's pen strokes.

`python -m benchmarks.convert_unipen CDROM/train_r01_v07 DATA` writes `ink_digits.jsonl.gz` and
`ink_letters.jsonl.gz` into the folder DATA. The record is https://zenodo.org/records/1195803 (CC BY
4.0); unpack it with `tar xzf unipen-CDROM-train_r01_v07.tgz`. For each contributor the command
prints how many digits the shipped model reads as they are labelled.

Source of the format: Guyon et al. 1994, "UNIPEN project of on-line data exchange and recognizer
benchmarks".
"""

import gzip
import hashlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from digitlab.errors import DatasetUnavailableError, DigitlabError, EmptyInkError
from digitlab.inference.reader import DigitReader
from digitlab.ink import prepare_drawing
from digitlab.ink.fabricjs import Stroke
from digitlab.model_store.store import DEFAULT_MODEL_ID, get_model
from digitlab.synthesis.dataset import PEN_DIGITS_FILE, PEN_LETTERS_FILE
from digitlab.synthesis.strokes import PenDigit

# Letters that no digit looks like, and how many are kept.
LETTERS = "AEFHKMNRWX"
N_LETTERS = 3000
# The longer side of a character, in the middle of a square canvas.
SIZE_PX, CANVAS_PX = 200, 280
_DIGITS, _CAPITALS = "1a", "1b"
_SEED = 0
_MAX_INCLUDES = 4
_SEGMENT = re.compile(r'\.SEGMENT\s+CHARACTER\s+([\d:,-]+)\s+\S+\s+"(.)"\s*$')
_STATEMENT = re.compile(r"\.([A-Z_]+)\s*(.*)")


def main(record: Path, folder: Path) -> None:
    """Convert both categories and print a table."""
    digits = [pen for pen in read_category(record, _DIGITS) if pen.label.isdecimal()]
    letters = [pen for pen in read_category(record, _CAPITALS) if pen.label in LETTERS]
    chosen = np.random.default_rng(_SEED).permutation(len(letters))[:N_LETTERS]
    write_pens(digits, folder / PEN_DIGITS_FILE)
    write_pens([letters[k] for k in np.sort(chosen)], folder / PEN_LETTERS_FILE)
    _print_table(digits)
    print(f"{len(chosen):,} letters")


def read_category(record: Path, category: str) -> Iterator[PenDigit]:
    """Read all characters of a category: `1a` is isolated digits, `1b` capital letters.

    Args:
        record: the folder with `data/` and `include/`.
    Raises:
        DatasetUnavailableError: it has no such category.
    """
    paths = sorted((record / "data" / category).glob("*/**/*.dat"))
    if not paths:
        raise DatasetUnavailableError(
            f"{record / 'data' / category} has no .dat files. Name the unpacked folder "
            "train_r01_v07 of https://zenodo.org/records/1195803."
        )
    for path in paths:
        yield from _read_file(path, record)


def _read_file(path: Path, record: Path) -> Iterator[PenDigit]:
    contributor = path.relative_to(record / "data").parts[1]
    lines = list(_read_lines(path, record / "include"))
    strokes, writers = _read_strokes(lines)
    for line in lines:
        match = _SEGMENT.match(line)
        if match is None:
            continue
        parts = [part for part in _select(strokes, match[1]) if len(part)]
        if parts:
            # The names of writers stay out of the files.
            first = int(re.split(r"[:,-]", match[1])[0])
            name = writers[first] or path.stem
            writer = f"{contributor}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
            yield PenDigit(match[2], writer, _fit(parts))


def _read_lines(path: Path, include: Path, depth: int = 0) -> Iterator[str]:
    """The lines of a file and of those that it includes, which are found below `include`."""
    for line in path.read_text(encoding="latin-1").splitlines():
        if line.startswith(".INCLUDE"):
            included = include / line.split(maxsplit=1)[1].strip()
            if included.is_file() and depth < _MAX_INCLUDES:
                yield from _read_lines(included, include, depth + 1)
        else:
            yield line


def _read_strokes(lines: list[str]) -> tuple[list[np.ndarray], list[str]]:
    """The strokes, `(n, 2)` each with y up, and the writer of each ("" if unknown)."""
    strokes: list[list[tuple[float, float]]] = []
    writers: list[str] = []
    columns, writer, is_down = (0, 1), "", False
    for line in lines:
        statement = _STATEMENT.match(line)
        if statement is None:
            numbers = line.split()
            if is_down and len(numbers) > max(columns):
                strokes[-1].append((float(numbers[columns[0]]), float(numbers[columns[1]])))
            continue
        keyword, value = statement[1], statement[2].strip()
        is_down = keyword == "PEN_DOWN"
        if is_down:
            strokes.append([])
            writers.append(writer)
        elif keyword == "WRITER_ID":
            writer = value
        elif keyword == "COORD" and {"X", "Y"} <= set(value.split()):
            columns = (value.split().index("X"), value.split().index("Y"))
    return [np.array(stroke, float).reshape(-1, 2) for stroke in strokes], writers


def _select(strokes: list[np.ndarray], components: str) -> Iterator[np.ndarray]:
    """The strokes of a segment, such as `3-4`, `3,5` or `3:10-4:20` with points within strokes."""
    for part in components.split(","):
        first, _, last = part.partition("-")
        begin, _, begin_point = first.partition(":")
        end, _, end_point = (last or first).partition(":")
        for k in range(int(begin), int(end) + 1):
            if k >= len(strokes):
                return
            start = int(begin_point) if begin_point and k == int(begin) else 0
            stop = int(end_point) + 1 if last and end_point and k == int(end) else None
            yield strokes[k][start:stop]


def _fit(strokes: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Scale strokes to the canvas and turn y down."""
    flipped = [stroke * [1, -1] for stroke in strokes]
    points = np.concatenate(flipped)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = SIZE_PX / max(float((high - low).max()), 1e-6)
    return tuple((stroke - (low + high) / 2) * scale + CANVAS_PX / 2 for stroke in flipped)


def write_pens(pens: list[PenDigit], path: Path) -> None:
    """Write characters as `load_pen_strokes` reads them."""
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for pen in pens:
            strokes = [np.round(stroke, 1).tolist() for stroke in pen.strokes]
            row = {"label": pen.label, "writer": pen.writer, "strokes": strokes}
            file.write(json.dumps(row, separators=(",", ":")) + "\n")


def _print_table(digits: list[PenDigit]) -> None:
    reader = get_model(DEFAULT_MODEL_ID).open_reader()
    print(f"{'contributor':14}{'writers':>8}{'digits':>8}{'read':>8}")
    for contributor in sorted({pen.writer.partition("-")[0] for pen in digits}):
        own = [pen for pen in digits if pen.writer.partition("-")[0] == contributor]
        right = sum(_is_read(pen, reader) for pen in own)
        n_writers = len({pen.writer for pen in own})
        print(f"{contributor:14}{n_writers:8}{len(own):8,}{right / len(own):8.3f}")


def _is_read(pen: PenDigit, reader: DigitReader) -> bool:
    try:
        image = prepare_drawing([Stroke(stroke, 1.0) for stroke in pen.strokes]).image
    except EmptyInkError:
        return False
    return reader.read(image).digit == int(pen.label)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Usage: python -m benchmarks.convert_unipen CDROM/train_r01_v07 DATA")
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except (DigitlabError, OSError) as error:
        sys.exit(f"benchmarks.convert_unipen: {error}")
