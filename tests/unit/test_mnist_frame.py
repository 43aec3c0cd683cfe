import numpy as np
import pytest

from digitlab.errors import EmptyInkError
from digitlab.ink.mnist_frame import compute_centre_of_mass, place_in_frame, shrink_to_frame


def measure_extent(image):
    """Height and width of the pixels that are at least half ink."""
    rows, columns = np.nonzero(image > 127)
    return np.ptp(rows) + 1, np.ptp(columns) + 1


def frame(ink):
    return shrink_to_frame(place_in_frame(ink))


def draw_bar(height, width, rows, columns):
    ink = np.zeros((height, width), np.uint8)
    ink[slice(*rows), slice(*columns)] = 255
    return ink


@pytest.mark.parametrize(("rows", "columns"), [((3, 90), (40, 52)), ((40, 52), (3, 90))])
def test_the_longer_side_is_20_pixels(rows, columns):
    framed = frame(draw_bar(100, 100, rows, columns))
    assert framed.shape == (28, 28)
    assert framed.dtype == np.uint8
    assert abs(max(measure_extent(framed)) - 20) <= 1


def test_the_centre_of_mass_is_at_the_centre_of_the_frame():
    heavy_below = draw_bar(120, 80, (10, 110), (35, 45)) | draw_bar(120, 80, (80, 110), (15, 65))
    x, y = compute_centre_of_mass(frame(heavy_below))
    assert abs(x - 13.5) <= 0.5
    assert abs(y - 13.5) <= 0.5


def test_an_eccentric_digit_stays_inside_the_frame():
    # Nearly all ink is at one end: centring it would move the thin end out of the frame.
    ink = draw_bar(400, 40, (0, 20), (0, 40)) | draw_bar(400, 40, (20, 400), (19, 20))
    rows = np.flatnonzero(frame(ink).any(axis=1))
    assert 20 <= np.ptp(rows) + 1 <= 21


def test_small_digits_are_scaled_up():
    assert measure_extent(frame(np.full((4, 2), 255, np.uint8))) == (20, 10)


def test_empty_ink_is_an_error():
    with pytest.raises(EmptyInkError, match="No ink"):
        frame(np.zeros((50, 50), np.uint8))
