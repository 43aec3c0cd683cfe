import json
import math

import numpy as np
import pytest

from digitlab.errors import DrawingError, EmptyInkError
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.mnist_frame import compute_centre_of_mass
from digitlab.ink.samples import SAMPLE_POINTS, build_drawing, build_sample_drawing
from tests.unit.test_mnist_frame import measure_extent


def prepare(drawing):
    return prepare_drawing(parse_drawing(drawing)).image


def difference(one, other):
    return np.abs(one.astype(int) - other.astype(int)).mean()


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_fills_the_mnist_frame(digit):
    image = prepare(build_sample_drawing(digit))
    assert (image.shape, image.dtype) == ((28, 28), np.uint8)
    assert abs(max(measure_extent(image)) - 20) <= 2
    x, y = compute_centre_of_mass(image)
    assert math.hypot(x - 13.5, y - 13.5) < 0.7


@pytest.mark.parametrize("width_px", [2, 16, 60])
def test_the_brush_width_does_not_matter(width_px):
    expected = prepare(build_sample_drawing(3))
    assert difference(prepare(build_sample_drawing(3, width_px=width_px)), expected) == 0


@pytest.mark.parametrize(("scale", "shift"), [(0.2, 5), (1.0, 90), (4.0, -300)])
def test_size_and_position_do_not_matter(scale, shift):
    moved = [[(x * scale + shift, y * scale + shift) for x, y in line] for line in SAMPLE_POINTS[5]]
    assert difference(prepare(build_drawing(moved)), prepare(build_sample_drawing(5))) < 1


def move(drawing, **changes):
    """Transform each object as the canvas does: the points stay, `left` and so on are added."""
    moved = json.loads(json.dumps(drawing))
    for item in moved["objects"]:
        item.update(changes)
    return moved


def test_the_rotation_of_an_object_is_applied():
    upright = prepare(build_sample_drawing(7))
    turned = prepare(
        move(
            build_sample_drawing(7),
            left=100,
            top=100,
            angle=180,
            originX="center",
            originY="center",
        )
    )
    assert difference(turned, upright[::-1, ::-1]) < 3
    assert difference(turned, upright) > 20


def test_the_scale_of_an_object_is_applied():
    line = build_drawing([[(0, 0), (50, 100)]])
    wide = prepare(move(line, left=0, top=0, scaleX=4, scaleY=1))
    height, width = measure_extent(wide)
    assert width > height
    assert width == pytest.approx(20, abs=1)


def test_equal_positions_by_different_origins():
    """Two strokes; one is positioned by its centre or by its upper left corner."""
    fixed = build_drawing([[(0, 0), (0, 100)]], width_px=10)["objects"][0]
    loose = build_drawing([[(0, 0), (40, 0)]], width_px=10)["objects"][0]
    by_centre = {**loose, "left": 70, "top": 50, "originX": "center", "originY": "center"}
    by_corner = {**loose, "left": 45, "top": 45, "originX": "left", "originY": "top"}
    images = [prepare({"objects": [fixed, one]}) for one in (by_centre, by_corner)]
    assert difference(*images) == 0


def test_a_tap_stays_a_dot():
    image = prepare(build_drawing([[(140, 140), (140.01, 140)]]))
    assert 0 < image.astype(float).sum() / 255 < 20


def test_other_objects_are_ignored():
    drawing = build_sample_drawing(8)
    with_text = {"objects": [{"type": "Textbox", "text": "8"}, *drawing["objects"], 3, None]}
    assert difference(prepare(with_text), prepare(drawing)) == 0


@pytest.mark.parametrize("kind", ["Line", "Polyline", "Polygon"])
def test_lines_and_polygons_are_strokes(kind):
    item = {"type": kind, "x1": 0, "y1": 0, "x2": 0, "y2": 90,
             "points": [{"x": 0, "y": 0}, {"x": 0, "y": 90}], "strokeWidth": 5}  # fmt: skip
    expected = prepare(build_drawing([[(0, 0), (0, 90)]]))
    assert difference(prepare({"objects": [item]}), expected) < 1


@pytest.mark.parametrize("nothing", [{"objects": []}, {"objects": [{"type": "Rect"}]}])
def test_a_drawing_without_strokes_is_empty(nothing):
    with pytest.raises(EmptyInkError):
        parse_drawing(nothing)


@pytest.mark.parametrize("wrong", [None, 7, [], {}, {"objects": "no"}, {"strokes": []}])
def test_other_json_is_rejected(wrong):
    with pytest.raises(DrawingError, match="not a canvas drawing"):
        parse_drawing(wrong)


@pytest.mark.parametrize("number", [math.nan, math.inf, 1e300])
def test_invalid_coordinates_are_rejected(number):
    with pytest.raises(DrawingError, match="invalid coordinate"):
        parse_drawing(build_drawing([[(0, 0), (number, 5)]]))


@pytest.mark.parametrize(
    "path", ["M 0 0", [["L"]], [["A", 1, 2, 3]], [["M", "x", "y"]], 5, [[]], [["Q", 1, 2, 3, 4]]]
)
def test_an_invalid_path_is_rejected(path):
    with pytest.raises(DrawingError, match="cannot be read"):
        parse_drawing({"objects": [{"type": "Path", "path": path}]})


def test_a_scale_that_is_not_a_number_is_rejected():
    with pytest.raises(DrawingError, match="scaleX"):
        parse_drawing(move(build_sample_drawing(1), left=0, top=0, scaleX="wide"))


def test_the_last_step_is_the_network_input():
    prepared = prepare_drawing(parse_drawing(build_sample_drawing(2)))
    assert np.array_equal(prepared.steps[-1].compute_image(), prepared.image)
    assert all(step.compute_image().any() for step in prepared.steps)


def test_a_path_may_have_several_strokes():
    """Other programs write both strokes of a 4 as one path."""
    two = build_sample_drawing(4)["objects"]
    one = {**two[0], "path": [*two[0]["path"], *two[1]["path"]]}
    assert difference(prepare({"objects": [one]}), prepare({"objects": two})) == 0


@pytest.mark.parametrize(
    "odd",
    [
        {"left": 10**400, "top": 0},
        {"left": 0, "top": 0, "angle": math.inf},
        {"left": 0, "top": 0, "flipX": [1, 2]},
        {"type": "Line", "x1": [1, 2], "y1": [1, 2], "x2": [1, 2], "y2": [1, 2]},
        {"path": [["M", 10**400, 1]]},
        {"path": [["m", 1, 1], ["l", 2, 2]]},
    ],
)
def test_invalid_numbers_are_rejected(odd):
    item = build_sample_drawing(1)["objects"][0] | odd
    with pytest.raises(DrawingError, match="cannot be read"):
        parse_drawing({"objects": [item]})
