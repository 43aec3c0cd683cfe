import gzip
import json

import numpy as np
import pytest

from digitlab.errors import DatasetCorruptError
from digitlab.synthesis.strokes import is_held_out, load_pen_strokes


def write_lines(path, *lines):
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    return path


def test_digits_and_letters_are_loaded(tmp_path):
    one = {"label": 1, "writer": "ann-1", "strokes": [[[10, 20.5], [30, 40]], [[5, 5]]]}
    letter = {"label": "X", "writer": "bob-2", "strokes": [[[0, 0], [9, 9]]]}
    path = write_lines(tmp_path / "ink.jsonl.gz", json.dumps(one), json.dumps(letter))
    first, second = load_pen_strokes(path)
    assert (first.label, first.writer) == ("1", "ann-1")
    assert [stroke.shape for stroke in first.strokes] == [(2, 2), (1, 2)]
    assert first.strokes[0].dtype == np.float64
    assert first.strokes[0][0].tolist() == [10, 20.5]
    assert second.label == "X"


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "7",
        "[" * 100_000,
        '{"label": 1, "writer": "a"}',
        '{"label": 1, "writer": "a", "strokes": []}',
        '{"label": 1, "writer": "a", "strokes": [[]]}',
        '{"label": 1, "writer": "a", "strokes": [[[1, 2, 3]]]}',
        '{"label": 1, "writer": "a", "strokes": [[[1, 2], [3]]]}',
        '{"label": 1, "writer": "a", "strokes": [[[1, NaN]]]}',
    ],
    ids=range(9),
)
def test_an_invalid_line_is_named(tmp_path, line):
    good = '{"label": 1, "writer": "a", "strokes": [[[1, 2]]]}'
    path = write_lines(tmp_path / "ink.jsonl.gz", good, line)
    with pytest.raises(DatasetCorruptError, match="line 2 has no pen strokes"):
        load_pen_strokes(path)


def test_a_damaged_file_is_rejected(tmp_path):
    line = '{"label": 1, "writer": "a", "strokes": [[[1, 2]]]}'
    path = write_lines(tmp_path / "ink.jsonl.gz", line)
    whole = path.read_bytes()
    for content in (whole[:-12], b"not gzip", b""):
        path.write_bytes(content)
        with pytest.raises(DatasetCorruptError):
            load_pen_strokes(path)


def test_held_out_writers_are_about_one_in_seven():
    writers = [f"writer-{k}" for k in range(7_000)]
    held_out = [writer for writer in writers if is_held_out(writer)]
    assert 850 < len(held_out) < 1_150
    # The choice must never change: models were trained on the others.
    assert held_out[:3] == ["writer-8", "writer-13", "writer-16"]
