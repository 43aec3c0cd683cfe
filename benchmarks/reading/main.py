"""Measure how well handwriting is read, with and without digitlab's preprocessing.

`python -m benchmarks.reading`
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.reading.contact_sheet import save_contact_sheet
from benchmarks.reading.items import InkSet
from benchmarks.reading.loading import load_ink_sets
from benchmarks.reading.readings import Reading, measure_times_ms, read_set
from benchmarks.reading.rows import Row, Scores, compute_answered_calibration, compute_rows
from digitlab.errors import ConfigError, DatasetUnavailableError, DigitlabError, ModelStoreError
from digitlab.inference.reader import DigitReader
from digitlab.model_store.store import DEFAULT_MODEL_ID, get_model
from digitlab.paths import get_data_dir

TUTORIAL_MODEL_ID = "simple_cnn"
_HEADER = (
    f"{'':31}| digitlab{'':45}| tutorials\n"
    f"{'set':24} {'n':>6}| accuracy balanced  worst digit rejected    ECE     ms"
    "| accuracy balanced  worst digit"
)
_INPUT_KINDS = {
    "drawing": "from strokes to the answer",
    "picture": "from a picture in memory to the answer",
    "file": "from a picture file to the answer, decoding included",
}


@dataclass(frozen=True)
class _SetResult:
    ink_set: InkSet
    readings: list[Reading]
    times_ms: list[float]

    @property
    def rows(self) -> list[Row]:
        return compute_rows(self.ink_set, self.readings, self.times_ms)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read every set in the folder and print the table; return the exit code."""
    options = _build_parser().parse_args(arguments)
    try:
        return _run(options)
    except DigitlabError as error:
        print(f"benchmarks.reading: {error}", file=sys.stderr)
        return 1


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.reading", description=__doc__)
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder with the sets (default: DIGITLAB_DATA)",
    )
    parser.add_argument("--model", default=DEFAULT_MODEL_ID, metavar="ID")
    parser.add_argument("--json", action="store_true", help="print all results as one JSON object")
    parser.add_argument(
        "--errors", type=Path, metavar="FILE.png", help="save a contact sheet of the errors"
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    reader = _open_reader(options.model)
    _check_output_path(options.errors)
    sets, notes = load_ink_sets(_get_folder(options.data))
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    results = []
    if not options.json:
        print(f"{options.model} in digitlab, {TUTORIAL_MODEL_ID} as in tutorials\n\n{_HEADER}")
    for result in _read_sets(sets, reader, _open_reader(TUTORIAL_MODEL_ID)):
        results.append(result)
        if not options.json:
            # Row by row, because the whole table takes a minute.
            print("\n".join(map(_format_row, result.rows)), flush=True)
    summary = _summarize(results)
    if options.json:
        print(json.dumps(_to_json(options.model, results, summary)))
    else:
        print(_format_summary(summary))
    if options.errors is not None:
        groups = [(result.ink_set.name, result.readings) for result in results]
        save_contact_sheet(groups, options.errors)
        print(f"errors are shown in {options.errors}", file=sys.stderr)
    return 0


def _open_reader(model_id: str) -> DigitReader:
    model = get_model(model_id)
    if not model.reads_digits:
        raise ModelStoreError(
            f"The model {model.id} was not trained on digits. Choose another model."
        )
    return model.open_reader()


def _get_folder(chosen: Path | None) -> Path:
    folder = chosen or get_data_dir()
    if folder is None:
        raise DatasetUnavailableError(
            "No benchmark data. Set the folder with --data or DIGITLAB_DATA."
        )
    return folder


def _check_output_path(path: Path | None) -> None:
    """Report an unusable path before the work, not after it."""
    if path is None:
        return
    if path.is_dir():
        raise ConfigError(f"--errors {path}: this is a folder. Name a file.")
    if not path.parent.is_dir():
        raise ConfigError(
            f"--errors {path}: the folder {path.parent} does not exist. Create it first."
        )


def _read_sets(
    sets: list[InkSet], reader: DigitReader, tutorial_reader: DigitReader
) -> Iterator[_SetResult]:
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for ink_set in sets:
            readings = read_set(ink_set, reader, tutorial_reader, pool)
            yield _SetResult(ink_set, readings, measure_times_ms(ink_set, reader))


def _summarize(results: list[_SetResult]) -> dict[str, Any]:
    unseen = [
        reading
        for result in results
        if result.ink_set.are_digits and not result.ink_set.is_training_source
        for reading in result.readings
    ]
    times_ms = {
        kind: [
            ms
            for result in results
            if result.ink_set.input_kind == kind and result.ink_set.are_digits
            for ms in result.times_ms
        ]
        for kind in _INPUT_KINDS
    }
    return {
        "calibration_error": compute_answered_calibration(unseen),
        "ms": {kind: median(times) for kind, times in times_ms.items() if times},
    }


def _to_json(model_id: str, results: list[_SetResult], summary: dict[str, Any]) -> dict[str, Any]:
    rows = [asdict(row) for result in results for row in result.rows]
    return {"model": model_id, "tutorial_model": TUTORIAL_MODEL_ID, **summary, "sets": rows}


def _format_summary(summary: dict[str, Any]) -> str:
    error = _format_number(summary["calibration_error"], 0, ".4f")
    lines = [f"\nexpected calibration error (ECE) on all digits but MNIST's: {error}"]
    lines += [f"{ms:.2f} ms {_INPUT_KINDS[kind]} (median)" for kind, ms in summary["ms"].items()]
    return "\n".join(lines)


def _format_row(row: Row) -> str:
    return "".join(
        (
            f"{row.name:24} {row.n:6,}| {_format_scores(row.digitlab)} ",
            f"{_format_number(row.rejected, 8, '.2%')} ",
            f"{_format_number(row.calibration_error, 6, '.4f')} {row.ms:6.2f}| ",
            _format_scores(row.tutorial),
        )
    )


def _format_scores(scores: Scores) -> str:
    worst = "–" if scores.worst_digit is None else f"{scores.worst_digit}:"
    accuracy = _format_number(scores.accuracy, 8, ".2%")
    balanced = _format_number(scores.balanced_accuracy, 8, ".2%")
    return f"{accuracy} {balanced} {worst:>4} {_format_number(scores.worst_recall, 7, '.2%')}"


def _format_number(number: float | None, width: int, spec: str) -> str:
    return f"{'–' if number is None else format(number, spec):>{width}}"
