from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from benchmarks.reading.items import InkItem, InkSet, draw_on_canvas
from benchmarks.reading.loading import load_ink_sets
from benchmarks.reading.negatives import make_blank_pictures, make_scribbles
from benchmarks.reading.readings import Reading, measure_times_ms, read_set
from benchmarks.reading.rows import compute_rows
from digitlab.errors import EmptyInkError
from digitlab.inference.reader import Answer
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import get_model


def draw_digits():
    """The ten sample digits in MNIST's frame, `(10, 28, 28)`."""
    drawings = [parse_drawing(build_sample_drawing(digit)) for digit in range(10)]
    return np.stack([prepare_drawing(strokes).image for strokes in drawings])


def test_strokes_are_drawn_with_a_dark_round_brush_on_white():
    canvas = draw_on_canvas([np.array([[140.0, 100.0], [140.0, 180.0]])])
    assert canvas.shape == (280, 280)
    assert (canvas[140, 134:147] == 0).all()
    assert (canvas[140] < 128).sum() in (16, 17)
    assert canvas[0, 0] == 255
    # The end is round: it extends half a brush width beyond the last point.
    assert canvas[186, 140] == 0
    assert canvas[187, 133] == 255


def test_a_tap_is_drawn_by_both_kinds_of_preprocessing():
    item = InkItem.from_lines("1", [np.array([[140.0, 140.0]])])
    assert item.prepare(None).any()
    assert (item.view() == 0).any()


def test_generated_items_are_reproducible():
    for make in (make_blank_pictures, make_scribbles):
        first, second = make(5), make(5)
        for one, other in zip(first.items, second.items, strict=True):
            assert np.array_equal(one.view(), other.view())
            assert one.digit is None
        assert not np.array_equal(first.items[0].view(), first.items[1].view())


def read(label, digit, confidence, *, tutorial_digit=0, is_held_out=False):
    """A reading with the given answer; None means rejected."""
    probabilities = np.full(10, (1 - confidence) / 9)
    probabilities[digit or 0] = confidence
    answer = Answer(tuple(probabilities), 0.9 if digit is None else 0.0, 0.7)
    item = InkItem(label, lambda _rate: None, lambda: None, is_held_out)
    return Reading(item, np.zeros((28, 28), np.uint8), answer, tutorial_digit)


def test_rows_equal_manual_calculation():
    readings = [
        read("0", 0, 0.9),
        read("0", None, 0.9, is_held_out=True),
        read("1", 1, 0.8, is_held_out=True),
        read("1", 1, 0.8),
        read("1", 7, 0.6),
        Reading(InkItem("1", lambda _rate: None, lambda: None), None, None, None),
    ]
    all_writers, held_out = compute_rows(InkSet("some", "picture", ()), readings, [3.0, 1.0, 2.0])
    assert (all_writers.name, all_writers.n, all_writers.ms) == ("some", 6, 2.0)
    assert all_writers.digitlab.accuracy == pytest.approx(3 / 6)
    assert all_writers.digitlab.balanced_accuracy == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert (all_writers.digitlab.worst_digit, all_writers.digitlab.worst_recall) == (0, 0.5)
    assert all_writers.rejected == pytest.approx(2 / 6)
    expected = (abs(1 - 0.9) + 2 * abs(1 - 0.8) + abs(0 - 0.6)) / 4
    assert all_writers.calibration_error == pytest.approx(expected)
    assert all_writers.tutorial.accuracy == pytest.approx(2 / 6)
    assert (all_writers.tutorial.worst_digit, all_writers.tutorial.worst_recall) == (1, 0)
    assert (held_out.name, held_out.n, held_out.digitlab.accuracy) == ("some, held out", 2, 0.5)


def test_the_accuracy_of_non_digits_is_the_rejected_fraction():
    readings = [read("X", None, 0.9), read("X", 8, 0.9), read("X", None, 0.5), read("X", 4, 1.0)]
    (row,) = compute_rows(InkSet("letters", "drawing", (), are_digits=False), readings, [1.0])
    assert row.digitlab.accuracy == row.rejected == 0.5
    assert (
        row.digitlab.balanced_accuracy is row.digitlab.worst_digit is row.calibration_error is None
    )
    assert row.tutorial.accuracy == 0


def test_an_item_without_ink_is_rejected_and_the_order_is_kept():
    def fail(_rate=None):
        raise EmptyInkError("No ink was found.")

    images = draw_digits()
    items = [InkItem.from_frame(str(digit), image) for digit, image in enumerate(images)]
    items[3] = InkItem("3", fail, lambda: np.zeros((50, 50), np.uint8))
    ink_set = InkSet("some", "frame", tuple(items))
    reader = get_model("digitlab_cnn").open_reader()
    tutorial_reader = get_model("simple_cnn").open_reader()
    with ThreadPoolExecutor(2) as pool:
        readings = read_set(ink_set, reader, tutorial_reader, pool)
    assert [reading.digit for reading in readings] == [0, 1, 2, None, 4, 5, 6, 7, 8, 9]
    assert readings[3].image is None
    assert readings[3].tutorial_digit is not None
    assert len(measure_times_ms(ink_set, reader)) == 10


@pytest.mark.parametrize("name", ["semeion.npz", "hwd1000.npz"])
def test_pictures_are_scaled_to_the_full_range(tmp_path, name):
    x = (draw_digits() > 100).astype(np.uint8)
    np.savez(tmp_path / name, x=x, y=np.arange(10))
    (ink_set, *_), _ = load_ink_sets(tmp_path)
    assert np.array_equal(ink_set.items[4].view(), x[4] * 255)
    assert [item.digit for item in ink_set.items] == list(range(10))
