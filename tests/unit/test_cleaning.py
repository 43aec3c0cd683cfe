"""The cleaning steps: every reader runs them, and the step viewer shows them."""

import cv2
import numpy as np
import pytest

from digitlab.inference.multi_digit import read_many_picture
from digitlab.ink import cleaning, parse_drawing, prepare_picture
from digitlab.ink.binarize import InkMap, binarize_picture
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
