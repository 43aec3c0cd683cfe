"""Images that are no digit are refused; digits are not."""

import json

import numpy as np
import pytest

from digitlab.cli.main import main
from digitlab.evaluation.report import evaluate_images
from digitlab.inference.reader import Answer, DigitReader
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.fabricjs import Stroke
from digitlab.ink.samples import build_drawing, build_sample_drawing
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.synthesis.negatives import NEGATIVE_SHAPES, draw_scribble


@pytest.fixture(scope="module")
def reader():
    return get_model("digitlab_cnn").open_reader()


def draw(lines):
    return prepare_drawing([Stroke(np.array(line, float) * 200, 16) for line in lines]).image


def test_letters_and_symbols_are_refused(reader):
    asked = "#%@*+=AEFHKMNRWX"
    refused = [not reader.read(draw(NEGATIVE_SHAPES[sign][0])).is_digit for sign in asked]
    assert sum(refused) >= 0.9 * len(asked), dict(zip(asked, refused, strict=True))


def test_scribbles_are_refused(reader):
    random = np.random.default_rng(5)
    images = [
        prepare_drawing([Stroke(line, 16) for line in draw_scribble(random)]).image
        for _ in range(100)
    ]
    assert sum(not answer.is_digit for answer in reader.read_many(np.stack(images))) >= 80


@pytest.mark.parametrize("taps", [[(140, 140)], [(60, 200)], [(80, 80), (200, 180)]])
def test_taps_are_refused(reader, taps):
    drawing = build_drawing([[(x, y), (x + 1, y)] for x, y in taps])
    assert not reader.read(prepare_drawing(parse_drawing(drawing)).image).is_digit


def test_the_samples_are_not_refused(reader):
    images = [
        prepare_drawing(parse_drawing(build_sample_drawing(digit))).image for digit in range(10)
    ]
    assert all(answer.is_digit for answer in reader.read_many(np.stack(images)))


def test_a_stray_dot_changes_nothing(reader):
    alone = build_sample_drawing(4)
    dotted = {"objects": [*alone["objects"], *build_drawing([[(270, 10), (271, 11)]])["objects"]]}
    one, other = (prepare_drawing(parse_drawing(drawing)).image for drawing in (alone, dotted))
    assert np.array_equal(one, other)


def test_an_image_is_refused_from_the_threshold_on():
    probabilities = (1.0,) + (0.0,) * 9
    assert Answer(probabilities, 0.69, 0.7).is_digit
    assert not Answer(probabilities, 0.7, 0.7).is_digit
    assert Answer(probabilities, 1.0, None).is_digit


def test_the_threshold_comes_from_the_models_card(reader):
    model = get_model("digitlab_cnn")
    assert model.card["no_digit_threshold"] is not None
    assert reader.no_digit_threshold == model.card["no_digit_threshold"]
    assert get_model("simple_cnn").open_reader().no_digit_threshold is None
    cross = draw(NEGATIVE_SHAPES["#"][0])
    assert not reader.read(cross).is_digit
    strict, lenient = (
        StoredModel(model.id, model.directory, {**model.card, "no_digit_threshold": threshold})
        for threshold in (0.0, None)
    )
    assert lenient.open_reader().read(cross).is_digit
    assert DigitReader(model.directory / "model.tflite").read(cross).is_digit
    digit = prepare_drawing(parse_drawing(build_sample_drawing(3))).image
    assert not strict.open_reader().read(digit).is_digit
    report = evaluate_images(reader, np.stack([cross, digit]), np.array([0, 3]))
    assert report.is_rejected.tolist() == [True, False]


def test_classify_prints_null_for_a_refused_image(tmp_path, capsys):
    star = [[(140, 20), (140, 260)], [(30, 80), (250, 200)], [(250, 80), (30, 200)]]
    path = tmp_path / "star.json"
    path.write_text(json.dumps(build_drawing(star)))
    assert main(["classify", "--json", str(path)]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["digit"] is None
    assert line["no_digit"] >= get_model("digitlab_cnn").card["no_digit_threshold"]
    assert len(line["probabilities"]) == 10
    assert main(["classify", str(path)]) == 0
    assert "not a digit" in capsys.readouterr().out
