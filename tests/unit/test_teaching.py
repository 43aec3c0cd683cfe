"""Labelled drawings, their file, and the settings of the run that learns them."""

import json

import numpy as np
import pytest

from digitlab.errors import ConfigError, DrawingError, EmptyInkError
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import get_model
from digitlab.runs.run import create_run
from digitlab.runs.taught import load_taught_digits
from digitlab.training.config import TrainConfig
from digitlab.training.teaching import (
    build_taught_digits,
    build_teaching_config,
    check_amount,
    format_drawings,
    parse_drawings,
)

DRAWINGS = [(build_sample_drawing(k % 10), k % 10) for k in range(12)]


def test_drawings_survive_their_file():
    drawings = parse_drawings(format_drawings(DRAWINGS))
    before, after = build_taught_digits(DRAWINGS), build_taught_digits(drawings)
    assert np.array_equal(before.images, after.images)
    assert after.labels.tolist() == [label for _, label in DRAWINGS]
    assert after.is_held_out.tolist() == [False, False, False, True] * 3


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no file of labelled drawings"),
        (b"[1]", "no file of labelled drawings"),
        (b"[" * 100_000, "no file of labelled drawings"),
        (b'{"digits": [{"digit": 3}]}', "no file of labelled drawings"),
        (b'{"digits": [{"digit": 3, "objects": [7]}]}', "Drawing 1 is invalid"),
        (json.dumps({"digits": [{"digit": True, "objects": []}]}).encode(), "has the label True"),
        (json.dumps({"digits": [{"digit": 12, "objects": []}]}).encode(), "has the label 12"),
    ],
)
def test_other_files_are_refused(content, sentence):
    with pytest.raises(DrawingError, match=sentence):
        parse_drawings(content)


def test_too_many_and_too_large_drawings_are_refused():
    check_amount(DRAWINGS)
    with pytest.raises(DrawingError, match="these would be 1,001 digits of"):
        check_amount(DRAWINGS[:1] * 1001)
    path = [["M", 1, 1], *[["L", 9, 9]] * 400_000]
    with pytest.raises(DrawingError, match=r"these would be 1 digits of 5\.\d MB"):
        check_amount([({"objects": [{"type": "path", "path": path}]}, 1)])


def test_too_few_and_empty_drawings_are_refused():
    with pytest.raises(ConfigError, match="There are 9 digits; teaching needs 10 to 1,000"):
        build_taught_digits(DRAWINGS[:9])
    with pytest.raises(EmptyInkError):
        build_taught_digits([*DRAWINGS[:9], ({"objects": []}, 1)])


@pytest.mark.parametrize("model_id", ["digitlab_cnn", "simple_cnn"])
def test_the_run_keeps_the_models_design(model_id):
    model = get_model(model_id)
    config = build_teaching_config(model.id, model.card["config"])
    trained = TrainConfig.from_json(model.card["config"])
    assert (config.net, config.dataset) == (trained.net, trained.dataset)
    assert config.net_options.dropout == trained.dropout
    assert config.init_from == model_id
    taught = build_taught_digits(DRAWINGS)
    run = create_run(config, taught=taught)
    found = load_taught_digits(run.directory)
    assert np.array_equal(found.images, taught.images)
    assert load_taught_digits(create_run(config).directory) is None
