import gzip
import io
import json
import shutil
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
from PIL import Image

from benchmarks.reading.main import main
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.samples import SAMPLE_POINTS, build_sample_drawing

TRAINING, HELD_OUT = "writer-1", "writer-8"
X_STROKES = [[[60, 50], [220, 230]], [[220, 50], [60, 230]]]


def draw_digits():
    """The ten sample digits in MNIST's frame, `(10, 28, 28)`."""
    drawings = [parse_drawing(build_sample_drawing(digit)) for digit in range(10)]
    return np.stack([prepare_drawing(strokes).image for strokes in drawings])


def save_strokes(path, characters):
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for label, writer, strokes in characters:
            line = {"label": label, "writer": writer, "strokes": strokes}
            file.write(json.dumps(line) + "\n")


def save_photos(folder, images):
    folder.mkdir()
    for digit, image in enumerate(images):
        Image.fromarray(255 - image).resize((112, 112)).save(folder / f"{digit}.jpg")
    (folder / "blank.jpg").write_bytes((folder / "0.jpg").read_bytes()[:50])
    rows = [*(f"{digit}.jpg,{digit}" for digit in range(10)), "blank.jpg,7"]
    (folder / "labels.csv").write_text("\n".join(["file,label", *rows]) + "\n")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with every known set, a few items each."""
    folder = tmp_path_factory.mktemp("sets")
    images, digits = draw_digits(), np.arange(10, dtype=np.uint8)
    writers = [TRAINING, HELD_OUT] * 5
    strokes = [SAMPLE_POINTS[digit] for digit in range(10)]
    save_strokes(folder / "ink_digits.jsonl.gz", zip(range(10), writers, strokes, strict=True))
    save_strokes(
        folder / "ink_letters.jsonl.gz", [("X", TRAINING, X_STROKES), ("X", HELD_OUT, X_STROKES)]
    )
    for name in ("canvas_rotarymars", "canvas_pepert03", "hwd1000"):
        np.savez(folder / f"{name}.npz", x=images, y=digits)
    np.savez(folder / "semeion.npz", x=(images > 100).astype(np.uint8), y=digits)
    np.savez(folder / "mnist.npz", x_test=images, y_test=digits)
    colours = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)
    np.savez(folder / "cifar10_first4000.npz", x=colours, y=digits[:3])
    save_photos(folder / "photos", images)
    return folder


def benchmark(*arguments):
    """The parsed output of `python -m benchmarks.reading --json`, and its standard error."""
    with redirect_stdout(io.StringIO()) as output, redirect_stderr(io.StringIO()) as errors:
        assert main(["--json", *map(str, arguments)]) == 0
    return json.loads(output.getvalue()), errors.getvalue()


@pytest.fixture(scope="module")
def full_benchmark(data, tmp_path_factory):
    """The result and the notes of the benchmark with every set, and its picture of errors."""
    sheet = tmp_path_factory.mktemp("sheet") / "errors.png"
    return *benchmark("--data", data, "--errors", sheet), sheet


def test_every_set_has_its_row(full_benchmark):
    result, _, _ = full_benchmark
    assert (result["model"], result["tutorial_model"]) == ("digitlab_cnn", "simple_cnn")
    rows = {row["name"]: row for row in result["sets"]}
    assert {name: row["n"] for name, row in rows.items()} == {
        "pen strokes": 10, "pen strokes, held out": 5, "canvas rotarymars": 10,
        "canvas pepert03": 10, "hwd1000": 10, "semeion": 10, "photos": 11, "MNIST test": 10,
        "MNIST test as pictures": 10, "letters": 2, "letters, held out": 1, "CIFAR-10 photos": 3,
        "blank paper": 300, "scribbles": 300, "thick pens": 5, "dashes": 5, "edge bars": 10,
        "squared paper": 10, "thick-pen 1s": 300, "signs": 300,
    }  # fmt: skip
    for name in ("pen strokes", "pen strokes, held out", "hwd1000", "semeion", "MNIST test"):
        assert rows[name]["digitlab"]["accuracy"] == 1
        assert rows[name]["digitlab"]["balanced_accuracy"] == 1
        assert rows[name]["rejected"] == 0
    for name in ("letters", "CIFAR-10 photos", "blank paper", "scribbles"):
        assert rows[name]["digitlab"]["accuracy"] == rows[name]["rejected"]
        assert rows[name]["digitlab"]["worst_digit"] is rows[name]["calibration_error"] is None
        assert rows[name]["tutorial"]["accuracy"] == 0
    assert 0 <= result["calibration_error"] < 0.2
    assert set(result["ms"]) == {"drawing", "picture", "file"}
    assert all(0 < ms < 1000 for ms in result["ms"].values())


def test_a_damaged_photo_counts_as_rejected_and_as_an_error(full_benchmark):
    result, _, _ = full_benchmark
    photos = next(row for row in result["sets"] if row["name"] == "photos")
    assert photos["rejected"] == pytest.approx(1 / 11)
    assert photos["digitlab"]["accuracy"] == pytest.approx(10 / 11)
    assert (photos["digitlab"]["worst_digit"], photos["digitlab"]["worst_recall"]) == (7, 0.5)
    assert photos["digitlab"]["balanced_accuracy"] == pytest.approx(0.95)
    assert photos["tutorial"]["accuracy"] <= 10 / 11


def test_the_data_folder_is_the_default_and_missing_sets_are_noted(data, tmp_path, monkeypatch):
    folder = tmp_path / "incomplete"
    shutil.copytree(data, folder)
    monkeypatch.setenv("DIGITLAB_DATA", str(folder))
    (folder / "semeion.npz").unlink()
    (folder / "photos" / "labels.csv").unlink()
    result, notes = benchmark()
    assert not {"semeion", "photos"} & {row["name"] for row in result["sets"]}
    assert [line.split()[1] for line in notes.splitlines()] == ["semeion.npz", "photos/labels.csv"]
    assert all(line.startswith("note: ") for line in notes.splitlines())


def test_the_printed_table(capsys, data):
    assert main(["--data", str(data), "--model", "simple_cnn"]) == 0
    table = capsys.readouterr().out
    lines = table.splitlines()
    rows = [line for line in lines if line.count("|") == 2]
    assert len(rows) == 22
    assert len({line.index("|") for line in rows}) == 1
    assert len({line.rindex("|") for line in rows}) == 1
    assert next(line for line in rows if line.startswith("letters ")).count("–") == 7
    assert "expected calibration error (ECE)" in table
    assert "ms from strokes to the answer (median)" in table


@pytest.mark.parametrize("folder", ["nowhere", "empty", None])
def test_missing_data_is_an_error(capsys, tmp_path, monkeypatch, folder):
    (tmp_path / "empty").mkdir()
    monkeypatch.delenv("DIGITLAB_DATA")
    assert main([*(["--data", str(tmp_path / folder)] if folder else [])]) == 1
    output = capsys.readouterr()
    assert "No benchmark data" in output.err
    assert "--data or DIGITLAB_DATA" in output.err
    assert output.out == ""


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
def test_a_damaged_set_is_an_error(capsys, tmp_path, name, arrays):
    np.savez(tmp_path / name, **arrays)
    assert main(["--data", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert name in error
    assert "is damaged" in error


@pytest.mark.parametrize("text", ["", "file,label\n", "a,b\n1,2\n", "file,label\nno.jpg,3\n"])
def test_a_damaged_table_of_photos(capsys, tmp_path, text):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "labels.csv").write_text(text)
    assert main(["--data", str(tmp_path)]) == 1
    assert "labels.csv is damaged" in capsys.readouterr().err


def test_letters_among_the_digits_are_an_error(capsys, tmp_path):
    save_strokes(tmp_path / "ink_digits.jsonl.gz", [("X", TRAINING, X_STROKES)])
    assert main(["--data", str(tmp_path)]) == 1
    assert "should have digits only but has 'X'" in capsys.readouterr().err


def test_the_contact_sheet_of_errors(full_benchmark):
    _, notes, sheet = full_benchmark
    # Nothing else is noted: no set is missing.
    (message,) = notes.splitlines()
    assert str(sheet) in message
    with Image.open(sheet) as picture:
        assert picture.format == "PNG"
        pixels = np.asarray(picture)
    # Five rows of scribbles, and at least the damaged photo.
    assert pixels.shape[0] > 6 * 100
    assert (pixels < 128).any()


def test_an_unusable_output_path_is_reported_before_the_work(capsys, data, tmp_path):
    for path, reason in ((tmp_path / "no" / "e.png", "does not exist"), (data, "is a folder")):
        assert main(["--data", str(data), "--errors", str(path)]) == 1
        output = capsys.readouterr()
        assert reason in output.err
        assert output.out == ""
