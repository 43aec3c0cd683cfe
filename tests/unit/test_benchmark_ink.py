import gzip
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from digitlab.cli import main
from digitlab.errors import EmptyInkError
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.samples import SAMPLE_POINTS, build_sample_drawing
from digitlab.ink_benchmark.items import InkItem, InkSet, draw_on_canvas
from digitlab.ink_benchmark.load import load_ink_sets
from digitlab.ink_benchmark.nonsense import make_blank_pictures, make_scribbles
from digitlab.ink_benchmark.readings import Reading, measure_times_ms, read_set
from digitlab.ink_benchmark.rows import compute_rows
from digitlab.reader import Answer
from digitlab.shelf import get_model

KEPT, HELD_OUT = "writer-1", "writer-8"
X_STROKES = [[[60, 50], [220, 230]], [[220, 50], [60, 230]]]


def draw_digits():
    """The ten sample digits, `(10, 28, 28)`, as MNIST has them."""
    drawings = [parse_drawing(build_sample_drawing(digit)) for digit in range(10)]
    return np.stack([prepare_drawing(strokes).image for strokes in drawings])


def save_ink(path, things):
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for label, writer, strokes in things:
            line = {"label": label, "writer": writer, "strokes": strokes}
            file.write(json.dumps(line) + "\n")


def save_photos(folder, images):
    folder.mkdir()
    for digit, image in enumerate(images):
        Image.fromarray(255 - image).resize((112, 112)).save(folder / f"{digit}.jpg")
    (folder / "blank.jpg").write_bytes((folder / "0.jpg").read_bytes()[:50])
    rows = [*(f"{digit}.jpg,{digit}" for digit in range(10)), "blank.jpg,7"]
    (folder / "labels.csv").write_text("\n".join(["file,label", *rows]) + "\n")


@pytest.fixture
def data(tmp_path):
    """Every set the command knows, with a few items each."""
    folder = tmp_path / "sets"
    folder.mkdir()
    images, digits = draw_digits(), np.arange(10, dtype=np.uint8)
    writers = [KEPT, HELD_OUT] * 5
    strokes = [SAMPLE_POINTS[digit] for digit in range(10)]
    save_ink(folder / "ink_digits.jsonl.gz", zip(range(10), writers, strokes, strict=True))
    save_ink(folder / "ink_letters.jsonl.gz", [("X", KEPT, X_STROKES), ("X", HELD_OUT, X_STROKES)])
    for name in ("canvas_rotarymars", "canvas_pepert03", "hwd1000"):
        np.savez(folder / f"{name}.npz", x=images, y=digits)
    np.savez(folder / "semeion.npz", x=(images > 100).astype(np.uint8), y=digits)
    np.savez(folder / "mnist.npz", x_test=images, y_test=digits)
    colours = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    np.savez(folder / "cifar10_first4000.npz", x=colours, y=digits[:3])
    save_photos(folder / "photos", images)
    return folder


def benchmark(capsys, *arguments):
    """The parsed output of `benchmark-ink --json`, and what it said beside it."""
    assert main(["benchmark-ink", "--json", *map(str, arguments)]) == 0
    told = capsys.readouterr()
    return json.loads(told.out), told.err


def test_every_set_has_its_row(capsys, data):
    result, said = benchmark(capsys, "--data", data)
    assert said == ""
    assert (result["model"], result["tutorial_model"]) == ("digitlab_cnn", "simple_cnn")
    rows = {row["name"]: row for row in result["sets"]}
    assert {name: row["n"] for name, row in rows.items()} == {
        "pen strokes": 10, "pen strokes, held out": 5, "canvas rotarymars": 10,
        "canvas pepert03": 10, "hwd1000": 10, "semeion": 10, "photos": 11, "MNIST test": 10,
        "MNIST test as pictures": 10, "letters": 2, "letters, held out": 1, "CIFAR-10 photos": 3,
        "blank paper": 300, "scribbles": 300,
    }  # fmt: skip
    for name in ("pen strokes", "pen strokes, held out", "hwd1000", "semeion", "MNIST test"):
        assert rows[name]["own"]["accuracy"] == 1
        assert rows[name]["own"]["balanced_accuracy"] == 1
        assert rows[name]["refused"] == 0
    for name in ("letters", "CIFAR-10 photos", "blank paper", "scribbles"):
        assert rows[name]["own"]["accuracy"] == rows[name]["refused"]
        assert rows[name]["own"]["worst_digit"] is rows[name]["calibration_error"] is None
        assert rows[name]["tutorial"]["accuracy"] == 0
    assert 0 <= result["calibration_error"] < 0.2
    assert set(result["ms"]) == {"drawing", "picture", "file"}
    assert all(0 < ms < 1000 for ms in result["ms"].values())


def test_a_damaged_photo_counts_as_refused_and_as_an_error(capsys, data):
    result, _ = benchmark(capsys, "--data", data)
    photos = next(row for row in result["sets"] if row["name"] == "photos")
    assert photos["refused"] == pytest.approx(1 / 11)
    assert photos["own"]["accuracy"] == pytest.approx(10 / 11)
    assert (photos["own"]["worst_digit"], photos["own"]["worst_recall"]) == (7, 0.5)
    assert photos["own"]["balanced_accuracy"] == pytest.approx(0.95)
    assert photos["tutorial"]["accuracy"] <= 10 / 11


def test_the_named_folder_is_the_default_and_missing_sets_are_noted(capsys, data, monkeypatch):
    monkeypatch.setenv("DIGITLAB_DATA", str(data))
    (data / "semeion.npz").unlink()
    (data / "photos" / "labels.csv").unlink()
    result, said = benchmark(capsys)
    assert not {"semeion", "photos"} & {row["name"] for row in result["sets"]}
    assert [line.split()[1] for line in said.splitlines()] == ["semeion.npz", "photos/labels.csv"]
    assert all(line.startswith("note: ") for line in said.splitlines())


def test_the_table_for_people(capsys, data):
    assert main(["benchmark-ink", "--data", str(data), "--model", "simple_cnn"]) == 0
    table = capsys.readouterr().out
    lines = table.splitlines()
    rows = [line for line in lines if line.count("|") == 2]
    assert len(rows) == 16
    assert len({line.index("|") for line in rows}) == 1
    assert len({line.rindex("|") for line in rows}) == 1
    assert next(line for line in rows if line.startswith("letters ")).count("–") == 7
    assert "expected calibration error (ECE)" in table
    assert "ms from a drawing's strokes to the answer (median)" in table


@pytest.mark.parametrize("folder", ["nowhere", "empty", None])
def test_nothing_to_measure_on_is_one_sentence(capsys, tmp_path, monkeypatch, folder):
    (tmp_path / "empty").mkdir()
    monkeypatch.delenv("DIGITLAB_DATA")
    assert main(["benchmark-ink", *(["--data", str(tmp_path / folder)] if folder else [])]) == 1
    told = capsys.readouterr()
    assert "There is nothing to measure on" in told.err
    assert "--data or in DIGITLAB_DATA" in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("name", "arrays"),
    [
        ("semeion.npz", {"x": np.zeros((2, 16, 16), np.float32), "y": np.zeros(2, int)}),
        ("semeion.npz", {"x": np.zeros((2, 16, 16), np.uint8), "y": np.zeros(3, int)}),
        ("semeion.npz", {"x": np.zeros((2, 16, 16), np.uint8), "y": np.array([1, 10])}),
        ("semeion.npz", {"x": np.zeros((0, 16, 16), np.uint8), "y": np.zeros(0, int)}),
        ("mnist.npz", {"x_train": np.zeros((2, 28, 28), np.uint8)}),
        ("mnist.npz", {"x_test": np.zeros((2, 20, 20), np.uint8), "y_test": np.zeros(2, int)}),
        ("cifar10_first4000.npz", {"x": np.zeros((2, 32, 32), np.uint8)}),
    ],
)
def test_a_damaged_set_stops_the_whole(capsys, tmp_path, name, arrays):
    np.savez(tmp_path / name, **arrays)
    assert main(["benchmark-ink", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert name in said
    assert "is damaged" in said


@pytest.mark.parametrize("text", ["", "file,label\n", "a,b\n1,2\n", "file,label\nno.jpg,3\n"])
def test_a_damaged_table_of_photos(capsys, tmp_path, text):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "labels.csv").write_text(text)
    assert main(["benchmark-ink", "--data", str(tmp_path)]) == 1
    assert "labels.csv is damaged" in capsys.readouterr().err


def test_letters_among_the_digits_are_noticed(capsys, tmp_path):
    save_ink(tmp_path / "ink_digits.jsonl.gz", [("X", KEPT, X_STROKES)])
    assert main(["benchmark-ink", "--data", str(tmp_path)]) == 1
    assert "it holds 'X', not a digit" in capsys.readouterr().err


def test_errors_are_drawn(capsys, data, tmp_path):
    sheet = tmp_path / "errors.png"
    _, said = benchmark(capsys, "--data", data, "--errors", sheet)
    assert str(sheet) in said
    with Image.open(sheet) as picture:
        assert picture.format == "PNG"
        pixels = np.asarray(picture)
    # Up to 40 scribbles, 5 rows of them, and at least the damaged photo.
    assert pixels.shape[0] > 6 * 100
    assert (pixels < 128).any()


def test_a_target_that_cannot_be_is_found_out_before_the_work(capsys, data, tmp_path):
    for target, why in ((tmp_path / "no" / "e.png", "there is no folder"), (data, "is a folder")):
        assert main(["benchmark-ink", "--data", str(data), "--errors", str(target)]) == 1
        told = capsys.readouterr()
        assert why in told.err
        assert told.out == ""


def test_tutorials_see_a_dark_round_brush_on_white():
    canvas = draw_on_canvas([np.array([[140.0, 100.0], [140.0, 180.0]])])
    assert canvas.shape == (280, 280)
    assert (canvas[140, 134:147] == 0).all()
    assert (canvas[140] < 128).sum() in (16, 17)
    assert canvas[0, 0] == 255
    # The end is round: half a brush beyond the last point, and no corner there.
    assert canvas[186, 140] == 0
    assert canvas[187, 133] == 255


def test_a_tap_is_drawn_in_both_ways():
    item = InkItem.from_lines("1", [np.array([[140.0, 140.0]])])
    assert item.prepare().any()
    assert (item.view() == 0).any()


def test_made_up_things_are_the_same_in_every_run():
    for make in (make_blank_pictures, make_scribbles):
        first, second = make(5), make(5)
        for one, other in zip(first.items, second.items, strict=True):
            assert np.array_equal(one.view(), other.view())
            assert one.digit is None
        assert not np.array_equal(first.items[0].view(), first.items[1].view())


def read(label, digit, confidence, *, tutorial_digit=0, is_held_out=False):
    """A reading of a certain outcome; a digit of None is a refusal by the network."""
    probabilities = np.full(10, (1 - confidence) / 9)
    probabilities[digit or 0] = confidence
    answer = Answer(tuple(probabilities), 0.9 if digit is None else 0.0)
    item = InkItem(label, lambda: None, lambda: None, is_held_out)
    return Reading(item, np.zeros((28, 28), np.uint8), answer, tutorial_digit)


def test_rows_against_numbers_done_by_hand():
    readings = [
        read("0", 0, 0.9),
        read("0", None, 0.9, is_held_out=True),
        read("1", 1, 0.8, is_held_out=True),
        read("1", 1, 0.8),
        read("1", 7, 0.6),
        Reading(InkItem("1", lambda: None, lambda: None), None, None, None),
    ]
    whole, held_out = compute_rows(InkSet("some", "picture", ()), readings, [3.0, 1.0, 2.0])
    assert (whole.name, whole.n, whole.ms) == ("some", 6, 2.0)
    assert whole.own.accuracy == pytest.approx(3 / 6)
    assert whole.own.balanced_accuracy == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert (whole.own.worst_digit, whole.own.worst_recall) == (0, 0.5)
    assert whole.refused == pytest.approx(2 / 6)
    expected = (abs(1 - 0.9) + 2 * abs(1 - 0.8) + abs(0 - 0.6)) / 4
    assert whole.calibration_error == pytest.approx(expected)
    assert whole.tutorial.accuracy == pytest.approx(2 / 6)
    assert (whole.tutorial.worst_digit, whole.tutorial.worst_recall) == (1, 0)
    assert (held_out.name, held_out.n, held_out.own.accuracy) == ("some, held out", 2, 0.5)


def test_of_what_is_no_digit_the_refused_share_counts():
    readings = [read("X", None, 0.9), read("X", 8, 0.9), read("X", None, 0.5), read("X", 4, 1.0)]
    (row,) = compute_rows(InkSet("letters", "drawing", (), are_digits=False), readings, [1.0])
    assert row.own.accuracy == row.refused == 0.5
    assert row.own.balanced_accuracy is row.own.worst_digit is row.calibration_error is None
    assert row.tutorial.accuracy == 0


def test_what_cannot_be_prepared_is_refused_and_the_rest_keeps_its_order():
    def fail():
        raise EmptyInkError("There is no ink.")

    images = draw_digits()
    items = [InkItem.from_frame(str(digit), image) for digit, image in enumerate(images)]
    items[3] = InkItem("3", fail, lambda: np.zeros((50, 50), np.uint8))
    ink_set = InkSet("some", "frame", tuple(items))
    reader = get_model("digitlab_cnn").open_reader()
    tutorial_reader = get_model("simple_cnn").open_reader()
    with ThreadPoolExecutor(2) as pool:
        readings = read_set(ink_set, reader, tutorial_reader, pool)
    assert [reading.digit for reading in readings] == [0, 1, 2, None, 4, 5, 6, 7, 8, 9]
    assert readings[3].image is None
    assert readings[3].tutorial_digit is not None
    assert len(measure_times_ms(ink_set, reader)) == 10


@pytest.mark.parametrize("name", ["semeion.npz", "hwd1000.npz"])
def test_pictures_come_in_the_full_range(tmp_path, name):
    x = (draw_digits() > 100).astype(np.uint8)
    np.savez(tmp_path / name, x=x, y=np.arange(10))
    (ink_set, *_), _ = load_ink_sets(tmp_path)
    assert np.array_equal(ink_set.items[4].view(), x[4] * 255)
    assert [item.digit for item in ink_set.items] == list(range(10))
