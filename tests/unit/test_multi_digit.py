import contextlib
import time

import cv2
import numpy as np
import pytest

from benchmarks.multi_digit import compose_numbers, is_unseen, read_number
from digitlab.errors import EmptyInkError
from digitlab.inference.multi_digit import (
    frame_many_drawing,
    looks_like_several,
    read_many_drawing,
    read_many_picture,
)
from digitlab.ink import parse_drawing
from digitlab.ink.samples import SAMPLE_POINTS, build_drawing
from digitlab.model_store.store import get_model
from digitlab.synthesis.dataset import PEN_DIGITS_FILE
from digitlab.synthesis.strokes import load_pen_strokes
from tests.unit.numbers import write


@pytest.fixture(scope="module")
def reader():
    return get_model("digitlab_cnn").open_reader()


def draw(strokes, width_px=14.0):
    return parse_drawing(build_drawing(strokes, width_px=width_px))


def draw_picture(strokes, width_px=14.0):
    """Draw strokes as dark ink on white paper."""
    drawn = draw(strokes)
    points = np.concatenate([stroke.points for stroke in drawn])
    low = points.min(axis=0) - 30
    width, height = (points.max(axis=0) - low + 30).astype(int)
    paper = np.full((height, width), 255, np.uint8)
    for stroke in drawn:
        line = np.round((stroke.points - low) * 16).astype(np.int32)
        cv2.polylines(paper, [line], False, 20, round(width_px), cv2.LINE_AA, 4)
    return paper


def format_digits(digits):
    return "".join(str(digit.answer.digit) for digit in digits)


@pytest.fixture(params=["drawing", "picture"])
def read(request, reader):
    """A function that reads strokes as a drawing or as a picture."""
    if request.param == "drawing":
        return lambda strokes: read_many_drawing(draw(strokes), reader)
    return lambda strokes: read_many_picture(draw_picture(strokes), reader)


@pytest.mark.parametrize("number", ["2026", "1", "45", "0123456789", "7451", "555", "88", "411"])
def test_a_number_is_read_from_left_to_right(read, number):
    digits = read(write(number))
    assert format_digits(digits) == number
    lefts = [digit.box[0] for digit in digits]
    assert lefts == sorted(lefts)
    assert {digit.row for digit in digits} == {0}


def test_boxes_enclose_the_ink(reader):
    digits = read_many_drawing(draw(write("2026"), width_px=10), reader)
    for k, digit in enumerate(digits):
        points = np.array(SAMPLE_POINTS[int("2026"[k])][0])
        points[:, 0] += k * 190
        low, high = points.min(axis=0) - 5, points.max(axis=0) + 5
        x, y, width, height = digit.box
        assert (x, y) == pytest.approx(tuple(low), abs=6)
        assert (x + width, y + height) == pytest.approx(tuple(high), abs=6)


def test_the_network_input_of_each_digit(reader):
    strokes = draw(write("207"), width_px=10)
    framed = frame_many_drawing(strokes, reader)
    assert [answer.digit for _, answer in framed] == [2, 0, 7]
    for image, answer in framed:
        assert (image.shape, image.dtype) == ((28, 28), np.uint8)
        assert reader.read(image) == answer


def test_a_5_with_a_detached_bar(read):
    body, bar = SAMPLE_POINTS[5]
    # It does not touch the body and overlaps the next digit.
    loose = [(x + 12, y - 18) for x, y in bar]
    after = [[(x + 140, y) for x, y in stroke] for stroke in SAMPLE_POINTS[1]]
    assert format_digits(read([body, loose, *after])) == "51"


def test_a_bar_that_is_drawn_last(reader):
    strokes = write("525")
    strokes.append(strokes.pop(1))
    assert format_digits(read_many_drawing(draw(strokes), reader)) == "525"


def test_a_broken_0(read):
    ring = SAMPLE_POINTS[0][0]
    halves = [ring[:5], [(x + 8, y + 4) for x, y in ring[5:]]]
    others = [[(x + 190, y) for x, y in stroke] for stroke in write("26")]
    assert format_digits(read([*halves, *others])) == "026"


def test_an_8_of_two_rings_is_one_digit(reader):
    around = np.linspace(0, 2 * np.pi, 30)
    rings = [
        [(140 + 40 * np.sin(a), middle + 44 * np.cos(a)) for a in around] for middle in (90, 178)
    ]
    assert format_digits(read_many_drawing(draw(rings), reader)) == "8"


def draw_touching(number):
    """Draw two digits so close that their ink is one component."""
    for step_px in range(190, 60, -2):
        picture = draw_picture(write(number, step_px=step_px))
        count, _ = cv2.connectedComponents((picture < 128).astype(np.uint8))
        if count == 2:
            return picture
    raise AssertionError("the digits never touch")


@pytest.mark.parametrize("number", ["26", "32", "66", "20", "71"])
def test_touching_digits_in_a_picture_are_split(reader, number):
    assert format_digits(read_many_picture(draw_touching(number), reader)) == number


def test_rows_are_read_from_top_to_bottom(read):
    strokes = write("2026") + write("1847", top_px=260)
    # The order of the strokes does not matter.
    digits = read(strokes[::-1])
    assert format_digits(digits) == "20261847"
    assert [digit.row for digit in digits] == [0] * 4 + [1] * 4


def test_several_digits_are_about_equally_high(reader):
    number, one_digit = write("26"), write("2")
    assert looks_like_several(read_many_picture(draw_picture(number), reader))
    assert not looks_like_several(read_many_picture(draw_picture(one_digit), reader))
    # A short line beside a digit, as of a ruled page, is read as a 1.
    line = [[(360.0, 120.0), (360.0, 170.0)]]
    digits = read_many_picture(draw_picture([*one_digit, *line]), reader)
    assert format_digits(digits) == "21"
    assert not looks_like_several(digits)


def test_a_rising_row(read):
    strokes = [
        [(x, y - k * 50) for x, y in stroke]
        for k, digit in enumerate("2026")
        for stroke in [[(x + k * 190, y) for x, y in SAMPLE_POINTS[int(digit)][0]]]
    ]
    digits = read(strokes)
    assert format_digits(digits) == "2026"
    assert {digit.row for digit in digits} == {0}


def test_dots_are_ignored(read):
    dots = [[(30.0 + 97 * k, 20.0 + 31 * (k % 7)), (31.0 + 97 * k, 20.0)][:1] * 2 for k in range(8)]
    assert format_digits(read([*dots, *write("2026")])) == "2026"


def test_a_page_of_specks_takes_bounded_time(reader):
    random = np.random.default_rng(3)
    picture = draw_picture(write("2026"))
    for x, y in random.integers(0, picture.shape[::-1], size=(5000, 2)):
        picture[y : y + 1, x : x + 2] = 90
    # A quadratic algorithm would take minutes.
    begin = time.process_time()
    read_many_picture(picture, reader)
    assert time.process_time() - begin < 30


@pytest.mark.parametrize("spread_px", [100, 3000])
def test_500_strokes_take_bounded_time(reader, spread_px):
    random = np.random.default_rng(5)
    starts = random.uniform(0, spread_px, size=(500, 2))
    strokes = [[tuple(p), tuple(p + random.uniform(-60, 60, 2))] for p in starts]
    begin = time.process_time()
    assert read_many_drawing(draw(strokes), reader)
    assert time.process_time() - begin < 30


def test_empty_input_is_an_error(reader):
    with pytest.raises(EmptyInkError):
        read_many_drawing([], reader)
    with pytest.raises(EmptyInkError):
        read_many_picture(np.full((60, 200), 255, np.uint8), reader)


@pytest.mark.parametrize("width_px", [1, 2, 40])
def test_hairlines_and_thick_pens(reader, width_px):
    picture = draw_picture(write("2026"), width_px=width_px)
    assert format_digits(read_many_picture(picture, reader)) == "2026"


def test_any_picture_has_digits_or_no_ink(reader):
    """Noise and random lines raise nothing but `EmptyInkError`."""
    random = np.random.default_rng(9)
    for _ in range(40):
        picture = random.integers(150, 256, size=(120, 300)).astype(np.uint8)
        for _ in range(random.integers(0, 12)):
            start, end = random.integers(-20, 300, size=(2, 2)).tolist()
            cv2.line(picture, start, end, int(random.integers(256)), int(random.integers(1, 9)))
        with contextlib.suppress(EmptyInkError):
            assert read_many_picture(picture, reader)


def test_a_page_with_a_table_edge(reader):
    """The dark border of a photo is not a digit."""
    picture = cv2.copyMakeBorder(
        draw_picture(write("2026")), 20, 0, 0, 60, cv2.BORDER_CONSTANT, value=40
    )
    picture[:, :8] = 255
    assert format_digits(read_many_picture(picture, reader)) == "2026"


def test_a_single_dot_is_classified(reader):
    assert len(read_many_drawing(draw([[(50, 50), (50, 50)]]), reader)) == 1


@pytest.mark.parametrize(("input_kind", "min_accuracy"), [("drawing", 0.85), ("picture", 0.75)])
def test_numbers_of_real_writers(reader, shared_data_dir, input_kind, min_accuracy):
    """Of writers that were used neither to tune the costs nor to train the network."""
    pen_digits = load_pen_strokes(shared_data_dir / PEN_DIGITS_FILE)
    writers = {digit.writer for digit in pen_digits}
    unseen = {writer for writer in writers if is_unseen(writer, writers)}
    digits = [digit for digit in pen_digits if digit.writer in unseen]
    numbers = list(compose_numbers(digits, 100, seed=11))
    right = [
        [found.answer.digit for found in read_number(number, input_kind, reader)]
        == list(number.digits)
        for number in numbers
    ]
    assert np.mean(right) >= min_accuracy
