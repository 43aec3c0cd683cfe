import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from digitlab.cli.main import main
from digitlab.ink.samples import build_drawing
from tests.unit.numbers import write


def save_number(path, digits, *, scale=1.0, **options):
    """Save a number as a picture file, with a pen of 16 px at scale 1."""
    strokes = write(digits, step_px=190 * scale, scale=scale)
    picture = Image.new("L", (round((190 * len(digits) + 60) * scale), round(290 * scale)), 255)
    pen = ImageDraw.Draw(picture)
    for stroke in strokes:
        pen.line(stroke, fill=10, width=round(16 * scale), joint="curve")
    picture.save(path, **options)


@pytest.fixture
def numbers(tmp_path):
    folder = tmp_path / "numbers"
    folder.mkdir()
    save_number(folder / "year.png", "2026")
    save_number(folder / "seven.jpg", "7")
    two_rows = build_drawing(write("2026") + write("35", top_px=260))
    (folder / "rows.json").write_text(json.dumps(two_rows))
    return folder


def classify(capsys, *arguments):
    code = main(["classify", "--many", "--json", *map(str, arguments)])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return code, {line["file"].rsplit("/", 1)[-1]: line for line in lines}


def test_a_folder_of_numbers(capsys, numbers):
    code, lines = classify(capsys, numbers)
    assert code == 0
    read = {
        name: "".join(str(one["digit"]) for one in line["digits"]) for name, line in lines.items()
    }
    assert read == {"year.png": "2026", "seven.jpg": "7", "rows.json": "202635"}
    for line in lines.values():
        assert list(line) == ["file", "digits"]
        for one in line["digits"]:
            assert list(one) == ["digit", "confidence", "box"]
            assert 0 < one["confidence"] <= 1
            assert len(one["box"]) == 4


def test_boxes_are_in_the_pixels_of_the_file(capsys, tmp_path):
    """Also for a picture that is scaled down, and for one that is rotated by its Exif tag."""
    save_number(tmp_path / "small.png", "26", scale=0.5)
    save_number(tmp_path / "large.png", "26", scale=4)
    with Image.open(tmp_path / "large.png") as large:
        exif = Image.Exif()
        exif[0x0112] = 6
        large.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.jpg", exif=exif)
    _, lines = classify(capsys, tmp_path)
    boxes = {name: np.array([one["box"] for one in line["digits"]]) for name, line in lines.items()}
    assert boxes["large.png"] / 8 == pytest.approx(boxes["small.png"], abs=2)
    assert boxes["turned.jpg"] == pytest.approx(boxes["large.png"], abs=20)
    # The 6 is 190 px to the right of the 2 at scale 1, and a little narrower.
    assert boxes["large.png"][1, 0] - boxes["large.png"][0, 0] == pytest.approx(4 * 195, abs=60)


def test_one_bad_file_does_not_stop_the_others(capsys, numbers):
    (numbers / "text.png").write_text("this is text")
    (numbers / "blank.json").write_text('{"objects": []}')
    Image.new("L", (90, 90)).save(numbers / "black.png")
    code, lines = classify(capsys, numbers, numbers / "missing.png")
    assert code == 1
    errors = {name: line for name, line in lines.items() if "error" in line}
    assert set(errors) == {"text.png", "blank.json", "black.png", "missing.png"}
    for line in errors.values():
        assert list(line) == ["file", "digits", "error"]
        assert line["digits"] is None
        assert line["error"].endswith(".")
    assert len(lines) - len(errors) == 3


def test_text_output(capsys, numbers):
    assert main(["classify", "--many", str(numbers), str(numbers / "no.png")]) == 1
    lines = capsys.readouterr().out.splitlines()
    output = dict(line.rsplit("/numbers/")[-1].split(": ") for line in lines)
    assert output["year.png"] == "2 0 2 6"
    assert output["rows.json"] == "2 0 2 6 / 3 5"
    assert output["no.png"] == "–  No such file."


def test_a_folder_without_pictures_is_an_error(capsys, tmp_path):
    assert main(["classify", "--many", str(tmp_path)]) == 1
    assert "No pictures" in capsys.readouterr().err
