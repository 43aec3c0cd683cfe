import numpy as np
import pytest

from digitlab.errors import EmptyInkError
from digitlab.ink.mnist_frame import compute_centre_of_mass, frame_digit


def measure_extent(image):
    """Height and width of what is at least half ink."""
    rows, columns = np.nonzero(image > 127)
    return np.ptp(rows) + 1, np.ptp(columns) + 1


def draw_bar(height, width, rows, columns):
    ink = np.zeros((height, width), np.uint8)
    ink[slice(*rows), slice(*columns)] = 255
    return ink


@pytest.mark.parametrize(("rows", "columns"), [((3, 90), (40, 52)), ((40, 52), (3, 90))])
def test_longer_side_fills_the_box(rows, columns):
    framed = frame_digit(draw_bar(100, 100, rows, columns))
    assert framed.shape == (28, 28)
    assert framed.dtype == np.uint8
    assert abs(max(measure_extent(framed)) - 20) <= 1


def test_centre_of_mass_is_the_centre_of_the_frame():
    heavy_below = draw_bar(120, 80, (10, 110), (35, 45)) | draw_bar(120, 80, (80, 110), (15, 65))
    x, y = compute_centre_of_mass(frame_digit(heavy_below))
    assert abs(x - 13.5) <= 0.5
    assert abs(y - 13.5) <= 0.5


def test_ink_far_off_its_middle_is_never_cut():
    # Nearly all ink at one end: the ideal place would push the thin end out of the frame.
    ink = draw_bar(400, 40, (0, 20), (0, 40)) | draw_bar(400, 40, (20, 400), (19, 20))
    rows = np.flatnonzero(frame_digit(ink).any(axis=1))
    assert 20 <= np.ptp(rows) + 1 <= 21


def test_small_digits_are_scaled_up():
    assert measure_extent(frame_digit(np.full((4, 2), 255, np.uint8))) == (20, 10)


def test_no_ink_is_an_error():
    with pytest.raises(EmptyInkError, match="nothing is drawn"):
        frame_digit(np.zeros((50, 50), np.uint8))
