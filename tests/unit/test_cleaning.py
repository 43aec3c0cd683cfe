"""The cleaning steps: every reader runs them, and the step viewer shows them."""

import cv2
import numpy as np
import pytest

from benchmarks.reading.conditions import cut_line
from digitlab.inference.multi_digit import read_many_picture
from digitlab.ink import cleaning, parse_drawing, prepare_picture
from digitlab.ink.binarize import InkMap, binarize_picture
from digitlab.ink.edge_bars import crop_frame
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import get_model
from digitlab.synthesis.rendering import draw_page


def make_page(digit, side=360):
    """Dark ink on white paper: `(side, side)` uint8."""
    lines = [stroke.points for stroke in parse_drawing(build_sample_drawing(digit))]
    return 255 - draw_page(lines, (side, side), 8, np.full(4, 0.25))


def make_ruled_page(digit):
    page = make_page(digit)
    for y in range(40, 360, 64):
        cv2.line(page, (0, y), (359, y + 3), 120, 2)
    return page


def list_titles(picture):
    return [step.title for step in prepare_picture(picture).steps]


def erase_left_half(page):
    strength = page.strength.copy()
    strength[:, : strength.shape[1] // 2] = 0
    return InkMap(strength, page.threshold, page.is_flat)


def test_a_step_is_shown_only_where_it_changed_something():
    assert "Ruled lines removed" in list_titles(make_ruled_page(5))
    assert "Ruled lines removed" not in list_titles(make_page(5))


def test_ruled_lines_are_removed_and_the_digit_remains():
    page = binarize_picture(make_ruled_page(5))
    cleaned, applied = cleaning.clean_page(page)
    assert [title for title, _ in applied] == ["Ruled lines removed"]
    is_line = (make_ruled_page(5) < 200) & (make_page(5) > 200)
    assert (cleaned.strength > cleaned.threshold)[is_line].mean() < 0.02
    is_ink = make_page(5) < 100
    assert (cleaned.strength > cleaned.threshold)[is_ink].mean() > 0.9


def test_a_page_without_lines_is_returned_as_it_is():
    page = binarize_picture(make_page(5))
    assert cleaning.clean_page(page) == (page, [])


def read(picture):
    return get_model("digitlab_cnn").open_reader().read(prepare_picture(picture).image)


@pytest.mark.parametrize("side", [28, 60, 200])
@pytest.mark.parametrize("turns", [(0,), (1,), (2,), (3,), (0, 1), (0, 2)], ids=str)
def test_bars_along_the_sides_are_removed(side, turns):
    picture = cv2.resize(make_page(4), (side, side), interpolation=cv2.INTER_AREA)
    clean = prepare_picture(picture).image
    for turn in turns:
        np.rot90(picture, turn)[: max(1, side // 14)] = 60
    assert "Bars at the edge removed" in list_titles(picture)
    difference = prepare_picture(picture).image.astype(int) - clean.astype(int)
    assert np.abs(difference).mean() < 4
    assert read(picture).digit == 4


def test_a_bar_that_a_digit_touches_is_removed():
    picture = make_page(7)
    bottom = int(np.flatnonzero((picture < 100).any(axis=1)).max())
    picture[bottom - 3 : bottom + 12] = 0
    assert read(picture[: bottom + 12]).digit == 7


def test_the_stroke_of_a_digit_along_the_edge_of_a_tight_crop_is_no_bar():
    # A 7 whose bar fills the upper side and whose stem begins at the right edge.
    crop = np.full((48, 32), 255, np.uint8)
    crop[:6] = 0
    cv2.line(crop, (29, 3), (10, 47), 0, 5)
    assert "Bars at the edge removed" not in list_titles(crop)
    assert read(crop).digit == 7


@pytest.mark.parametrize("digit", [0, 3, 7, 8])
@pytest.mark.parametrize("dash_px", [1, 12], ids=["dots", "dashes"])
def test_dashes_are_joined(digit, dash_px):
    picture = np.full((360, 360), 255, np.uint8)
    for stroke in parse_drawing(build_sample_drawing(digit)):
        for dash in cut_line(stroke.points + 40, dash_px, dash_px + 18):
            cv2.polylines(picture, [np.round(dash).astype(np.int32)], False, 0, 9, cv2.LINE_AA)
    assert "Dashes joined" in list_titles(picture)
    assert read(picture).digit == digit


def test_digits_beside_each_other_are_not_joined():
    page = np.hstack([make_page(digit)[:, 90:270] for digit in (1, 2, 3, 4, 5)])
    cleaned = cleaning.join_dashes(binarize_picture(page))
    assert np.array_equal(cleaned.strength, binarize_picture(page).strength)


@pytest.fixture
def extra_step(monkeypatch):
    """One more row in the table of cleaning steps."""
    steps = (*cleaning.CLEANING_STEPS, ("Left half erased", erase_left_half))
    monkeypatch.setattr(cleaning, "CLEANING_STEPS", steps)


@pytest.mark.usefixtures("extra_step")
def test_a_new_row_is_run_by_every_reader_and_shown_by_the_step_viewer():
    titles = list_titles(make_ruled_page(5))
    assert titles[1:4] == ["Binarized", "Ruled lines removed", "Left half erased"]
    two_digits = np.hstack([make_page(3), make_page(7)])
    digits = read_many_picture(two_digits, get_model("digitlab_cnn").open_reader())
    assert [digit.text for digit in digits] == ["7"]


@pytest.mark.parametrize("brightness", [0, 60])
@pytest.mark.parametrize("is_light_on_dark", [False, True])
@pytest.mark.parametrize("digit", range(10))
def test_a_frame_around_the_picture_is_not_its_paper(digit, brightness, is_light_on_dark):
    picture = make_page(digit, 100)
    framed = np.full((108, 106), brightness, np.uint8)
    framed[5:105, 2:102] = picture
    if is_light_on_dark:
        framed = 255 - framed
    difference = prepare_picture(framed).image.astype(int) - prepare_picture(picture).image
    assert np.abs(difference).mean() < 2


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 5), (3, 7), (6, 6)])
def test_a_picture_of_few_pixels_is_no_frame(shape):
    assert crop_frame(np.zeros(shape, np.uint8)).shape == shape
    assert crop_frame(np.eye(*shape, dtype=np.uint8)).shape == shape
