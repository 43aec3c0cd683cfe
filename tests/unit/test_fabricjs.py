import json

import numpy as np
import pytest

from digitlab.errors import DrawingError
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.fabricjs import fit_drawing
from digitlab.ink.samples import build_drawing, build_sample_drawing
from tests.unit.numbers import write


def measure(drawing):
    strokes = parse_drawing(drawing)
    points = np.concatenate([stroke.points for stroke in strokes])
    return points.min(axis=0), points.max(axis=0)


def place_on_canvas(drawing):
    """Position each object by its centre, as the canvas does."""
    placed = json.loads(json.dumps(drawing))
    for item, original in zip(placed["objects"], drawing["objects"], strict=True):
        low, high = measure({"objects": [original]})
        centre = (low + high) / 2
        item.update(left=centre[0], top=centre[1], originX="center", originY="center")
    return placed


@pytest.mark.parametrize("prepare", [lambda drawing: drawing, place_on_canvas])
def test_a_wide_drawing_is_scaled_to_fit(prepare):
    wide = prepare(build_drawing(write("5026")))
    small = fit_drawing(wide, 300, 300)
    low, high = measure(small)
    assert low.min() >= 0
    assert high.max() <= 300
    assert high[0] - low[0] > 250
    images = [
        prepare_drawing(parse_drawing(drawing)).image.astype(int) for drawing in (wide, small)
    ]
    assert np.abs(images[0] - images[1]).mean() < 1


def test_a_drawing_that_fits_is_unchanged():
    drawing = build_sample_drawing(4)
    assert fit_drawing(drawing, 300, 300) is drawing
    assert fit_drawing({"objects": []}, 300, 300) == {"objects": []}


def test_other_json_is_rejected():
    with pytest.raises(DrawingError):
        fit_drawing({"objects": "no"}, 300, 300)
