"""Pen strokes from files in UNIPEN's format."""

import numpy as np
import pytest

from benchmarks.convert_unipen import main, read_category
from digitlab.errors import DatasetUnavailableError
from digitlab.ink.samples import SAMPLE_POINTS
from digitlab.synthesis.strokes import load_pen_strokes


def write_record(root, segments, strokes, *, coord="X Y"):
    """A record with one file of digits and one of capital letters, which share their strokes."""
    include = root / "include" / "abc" / "data"
    include.mkdir(parents=True)
    lines = [".VERSION 1.0", f".COORD {coord}", ".WRITER_ID Somebody"]
    for stroke in strokes:
        # UNIPEN's y points up. Between strokes the pen may be recorded in the air.
        lines += [".PEN_DOWN", *(f"\t{x}\t{-y}" for x, y in stroke), ".PEN_UP", "1 1"]
    (include / "one.dat").write_text("\n".join(lines))
    (include / "outer.dat").write_text(".INCLUDE abc/data/one.dat\n")
    for category, rows in segments.items():
        folder = root / "data" / category / "abc" / "abc01"
        folder.mkdir(parents=True)
        text = [".VERSION 1.0", ".INCLUDE abc/missing.doc", ".INCLUDE abc/data/outer.dat", *rows]
        (folder / "one.dat").write_text("\n".join(text))


@pytest.fixture
def record(tmp_path):
    strokes, rows = [], []
    for digit, lines in SAMPLE_POINTS.items():
        last = len(strokes) + len(lines) - 1
        span = str(last) if len(lines) == 1 else f"{len(strokes)}-{last}"
        rows.append(f'.SEGMENT CHARACTER {span} ? "{digit}"')
        strokes += lines
    cross = len(strokes)
    strokes += [[(0, 0), (100, 100)], [(100, 0), (0, 100)]]
    letters = [f'.SEGMENT CHARACTER {cross}-{cross + 1} OK "X"',
               f'.SEGMENT CHARACTER {cross} OK "I"']  # fmt: skip
    write_record(tmp_path, {"1a": rows, "1b": letters}, strokes)
    return tmp_path


def test_digits_and_letters_are_written_as_the_app_reads_them(record, tmp_path, capsys):
    main(record, tmp_path)
    digits = load_pen_strokes(tmp_path / "ink_digits.jsonl.gz")
    assert [pen.label for pen in digits] == [str(digit) for digit in SAMPLE_POINTS]
    assert [len(pen.strokes) for pen in digits] == [len(one) for one in SAMPLE_POINTS.values()]
    points = np.concatenate(digits[0].strokes)
    assert (points.min(axis=0) + points.max(axis=0)) / 2 == pytest.approx([140, 140], abs=0.1)
    assert np.ptp(points, axis=0).max() == pytest.approx(200, abs=0.1)
    [writer] = {pen.writer for pen in digits}
    assert writer.startswith("abc-")
    assert "Somebody" not in writer
    letters = load_pen_strokes(tmp_path / "ink_letters.jsonl.gz")
    assert [pen.label for pen in letters] == ["X"]
    # The shipped model reads them: they are neither upside down nor mixed up.
    assert "abc                  1      10   1.000" in capsys.readouterr().out


def test_segments_may_be_lists_and_parts_of_strokes(tmp_path):
    strokes = [[(0, 0), (10, 0), (20, 0), (30, 0)], [(0, 5), (30, 5)], [(0, 10), (40, 10)]]
    rows = ['.SEGMENT CHARACTER 0,2 ? "4"', '.SEGMENT CHARACTER 0:1-1:0 ? "7"',
            '.SEGMENT CHARACTER 9 ? "1"', '.SEGMENT WORD 0-2 ? "47"']  # fmt: skip
    write_record(tmp_path, {"1a": rows}, strokes)
    found = list(read_category(tmp_path, "1a"))
    assert [(pen.label, [len(stroke) for stroke in pen.strokes]) for pen in found] == [
        ("4", [4, 2]), ("7", [3, 1]),
    ]  # fmt: skip


def test_a_folder_without_the_record_is_refused(tmp_path):
    with pytest.raises(DatasetUnavailableError, match=r"zenodo\.org/records/1195803"):
        list(read_category(tmp_path, "1a"))
