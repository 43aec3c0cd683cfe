"""How well handwriting is read, beside the tutorials' way: `python -m benchmarks.reading`."""

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
from benchmarks.reading.rows import Figures, Row, compute_answered_calibration, compute_rows
from digitlab.errors import ConfigError, DatasetUnavailableError, DigitlabError, ModelStoreError
from digitlab.inference.reader import DigitReader
from digitlab.model_store.store import DEFAULT_MODEL_ID, get_model
from digitlab.paths import get_data_dir

TUTORIAL_MODEL_ID = "simple_cnn"
_HEADER = (
    f"{'':31}| digitlab{'':44}| the tutorials' way\n"
    f"{'set':24} {'n':>6}| accuracy balanced  worst digit refused    ECE     ms"
    "| accuracy balanced  worst digit"
)
_WAYS = {
    "drawing": "from a drawing's strokes to the answer",
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
    """Read every set in the folder and print one table; the exit code is 0 if all went well."""
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
        help="the folder with the sets; default: the one named by DIGITLAB_DATA",
    )
    parser.add_argument("--model", default=DEFAULT_MODEL_ID, metavar="ID")
    parser.add_argument("--json", action="store_true", help="all figures as one JSON object")
    parser.add_argument(
        "--errors", type=Path, metavar="FILE.png", help="write a picture of what was misread"
    )
    return parser


def _run(options: argparse.Namespace) -> int:
    reader = _open_reader(options.model)
    _check_target(options.errors)
    sets, notes = load_ink_sets(_choose_folder(options.data))
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    results = []
    if not options.json:
        print(f"{options.model}, beside {TUTORIAL_MODEL_ID} the tutorials' way\n\n{_HEADER}")
    for result in _read_sets(sets, reader, _open_reader(TUTORIAL_MODEL_ID)):
        results.append(result)
        if not options.json:
            # Row by row: the whole takes a minute.
            print("\n".join(map(_tell_row, result.rows)), flush=True)
    summary = _summarise(results)
    print(json.dumps(_as_json(options.model, results, summary)) if options.json else _tell(summary))
    if options.errors is not None:
        groups = [(result.ink_set.name, result.readings) for result in results]
        save_contact_sheet(groups, options.errors)
        print(f"what was misread is drawn in {options.errors}", file=sys.stderr)
    return 0


def _open_reader(model_id: str) -> DigitReader:
    model = get_model(model_id)
    if not model.reads_digits:
        raise ModelStoreError(
            f"The model {model.id} was not trained on digits. Choose another model."
        )
    return model.open_reader()


def _choose_folder(named: Path | None) -> Path:
    folder = named or get_data_dir()
    if folder is None:
        raise DatasetUnavailableError(
            "There is nothing to measure on: no folder was named. "
            "Name the one with the sets with --data or in DIGITLAB_DATA."
        )
    return folder


def _check_target(path: Path | None) -> None:
    """Find out before the work, not after it."""
    if path is None:
        return
    if path.is_dir():
        raise ConfigError(f"--errors {path}: this is a folder. Name a file in it.")
    if not path.parent.is_dir():
        raise ConfigError(f"--errors {path}: there is no folder {path.parent}. Make it first.")


def _read_sets(
    sets: list[InkSet], reader: DigitReader, tutorial_reader: DigitReader
) -> Iterator[_SetResult]:
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for ink_set in sets:
            readings = read_set(ink_set, reader, tutorial_reader, pool)
            yield _SetResult(ink_set, readings, measure_times_ms(ink_set, reader))


def _summarise(results: list[_SetResult]) -> dict[str, Any]:
    unfamiliar = [
        reading
        for result in results
        if result.ink_set.are_digits and not result.ink_set.is_familiar
        for reading in result.readings
    ]
    times_ms = {
        way: [
            ms
            for result in results
            if result.ink_set.way == way and result.ink_set.are_digits
            for ms in result.times_ms
        ]
        for way in _WAYS
    }
    return {
        "calibration_error": compute_answered_calibration(unfamiliar),
        "ms": {way: median(times) for way, times in times_ms.items() if times},
    }


def _as_json(model_id: str, results: list[_SetResult], summary: dict[str, Any]) -> dict[str, Any]:
    rows = [asdict(row) for result in results for row in result.rows]
    return {"model": model_id, "tutorial_model": TUTORIAL_MODEL_ID, **summary, "sets": rows}


def _tell(summary: dict[str, Any]) -> str:
    error = _format(summary["calibration_error"], 0, ".4f")
    lines = [f"\nexpected calibration error (ECE) on all digits but MNIST's: {error}"]
    lines += [f"{ms:.2f} ms {_WAYS[way]} (median)" for way, ms in summary["ms"].items()]
    return "\n".join(lines)


def _tell_row(row: Row) -> str:
    return (
        f"{row.name:24} {row.n:6,}| {_tell_figures(row.own)} {_format(row.refused, 7, '.2%')} "
        f"{_format(row.calibration_error, 6, '.4f')} {row.ms:6.2f}| {_tell_figures(row.tutorial)}"
    )


def _tell_figures(figures: Figures) -> str:
    worst = "–" if figures.worst_digit is None else f"{figures.worst_digit}:"
    return (
        f"{_format(figures.accuracy, 8, '.2%')} {_format(figures.balanced_accuracy, 8, '.2%')} "
        f"{worst:>4} {_format(figures.worst_recall, 7, '.2%')}"
    )


def _format(number: float | None, width: int, how: str) -> str:
    return f"{'–' if number is None else format(number, how):>{width}}"
