"""What the pen reports becomes objects of the canvas; invalid data is an error of the drawing."""

import pytest
import streamlit as st

from digitlab.errors import DrawingError
from digitlab.ink import parse_drawing
from digitlab.ui.canvas import get_drawing, replace_drawing
from digitlab.ui.draw.samples import add_sample

STROKE = {"points": [10, 10, 10, 10, 20, 10, 20, 30, 20, 40], "width": 24}


@pytest.fixture(autouse=True)
def state(monkeypatch):
    state = {}
    monkeypatch.setattr(st, "session_state", state)
    return state


def report(state, **changes):
    drawn = {"id": 1, "revision": 0, "first": 0, "strokes": [STROKE], "down": True}
    state["canvas_pen"] = {"drawn": drawn | changes}


def test_strokes_that_the_canvas_has_not_reported_are_added(state):
    report(state)
    [stroke] = get_drawing("canvas")["objects"]
    assert stroke["strokeWidth"] == 24
    assert len(parse_drawing({"objects": [stroke]})) == 1
    reported = {"objects": [stroke], "lockRotation": 0}
    state["canvas"] = {"drawing": {"raw": reported}}
    assert len(get_drawing("canvas")["objects"]) == 1
    report(state, strokes=[STROKE, STROKE])
    assert len(get_drawing("canvas")["objects"]) == 2
    report(state, strokes=[STROKE], first=1)
    assert len(get_drawing("canvas")["objects"]) == 2


def test_strokes_on_a_drawing_that_was_replaced_do_not_count(state):
    report(state)
    replace_drawing("canvas", None)
    assert get_drawing("canvas")["objects"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"strokes": None},
        {"strokes": [None]},
        {"strokes": [{"points": [1, 2, 3], "width": 1}]},
        {"strokes": [{"points": [], "width": 1}]},
        {"strokes": [{"points": ["a", "b", "c", "d"], "width": 1}]},
        {"strokes": [{"points": [1, 2, 3, 4], "width": "wide"}]},
        {"first": "none"},
    ],
)
def test_invalid_data_is_an_error_of_the_drawing(state, changes):
    report(state, **changes)
    with pytest.raises(DrawingError):
        parse_drawing(get_drawing("canvas"))


def test_sample_is_written_behind_the_drawing():
    one = add_sample({"objects": []}, 7, (420, 420))
    two = add_sample(one, 1, (1000, 260))
    seven, first = parse_drawing(two)[:2]
    assert first.points[:, 0].min() > seven.points[:, 0].max()
    # Alone on a square canvas it is in the middle.
    assert 120 < seven.points[:, 0].mean() < 300
