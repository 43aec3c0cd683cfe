"""Photos and difficult pictures: the shipped model must read them."""

import cv2
import numpy as np
import pytest

from digitlab.ink import parse_drawing, prepare_drawing, prepare_picture
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import get_model
from digitlab.synthesis.rendering import draw_page, make_photo, scan

MARGIN = np.full(4, 0.25)


@pytest.fixture(scope="module")
def reader():
    return get_model("digitlab_cnn").open_reader()


def get_lines(digit):
    return [stroke.points for stroke in parse_drawing(build_sample_drawing(digit))]


def make_page(digit, size=(300, 240), pen_px=6.0, margin=MARGIN):
    """Dark ink on white paper."""
    return 255 - draw_page(get_lines(digit), size, pen_px, margin)


def read(reader, picture):
    return reader.read(prepare_picture(picture).image).digit


def add_light(page, random):
    """Light from one side, noise and a paper colour: `(h, w, 3)`."""
    light = np.linspace(0.55, 1, page.shape[1])[None, :, None]
    paper = np.array([215, 205, 190.0])
    photo = page[..., None] / 255 * paper * light + random.normal(0, 3, (*page.shape, 1))
    return np.clip(photo, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("digit", range(10))
def test_uneven_light(reader, digit):
    assert read(reader, add_light(make_page(digit), np.random.default_rng(digit))) == digit


@pytest.mark.parametrize("digit", [2, 3, 5, 6, 8])
def test_ruled_paper(reader, digit):
    page = make_page(digit, (360, 360))
    for k in range(40, 360, 64):
        cv2.line(page, (0, k), (359, k + 3), 120, 2)
        cv2.line(page, (k, 0), (k, 359), 120, 2)
    assert read(reader, page) == digit
    assert read(reader, add_light(page, np.random.default_rng(0))) == digit


@pytest.mark.parametrize("colour", [(40, 60, 170), (200, 40, 30), (60, 190, 220), (240, 160, 150)])
def test_coloured_pens(reader, colour):
    page = make_page(5)[..., None] / 255
    picture = page * np.array([235.0, 235, 230]) + (1 - page) * np.array(colour)
    noise = np.random.default_rng(0).normal(0, 2, picture.shape)
    assert read(reader, np.clip(picture + noise, 0, 255).astype(np.uint8)) == 5


def test_a_frame_and_specks(reader):
    page = make_page(3, (300, 300), 8)
    cv2.rectangle(page, (0, 0), (299, 299), 0, 6)
    random = np.random.default_rng(1)
    for x, y in random.integers(20, 280, (40, 2)):
        page[y, x] = 0
    assert read(reader, page) == 3


@pytest.mark.parametrize("inset", [0, 4, 16, 40])
@pytest.mark.parametrize("digit", [0, 4, 8])
def test_a_frame_at_any_distance(reader, digit, inset):
    page = make_page(digit, (400, 400), 16)
    cv2.rectangle(page, (inset, inset), (399 - inset, 399 - inset), 0, 2)
    assert read(reader, page) == digit


def test_a_large_0_around_a_speck_is_not_a_frame(reader):
    page = make_page(0, (300, 300), 20, np.full(4, 0.06))
    cv2.circle(page, (150, 150), 12, 0, -1)
    image = prepare_picture(page).image
    assert np.count_nonzero(image.any(axis=0)) > 10
    assert reader.read(image).digit == 0


@pytest.mark.parametrize("digit", [0, 2, 3, 5, 7, 8])
def test_interrupted_strokes(reader, digit):
    page = make_page(digit, (300, 300), 12)
    for k in range(0, 300, 25):
        page[:, k : k + 4] = 255
    assert read(reader, page) == digit


@pytest.mark.parametrize("pen_px", [1.5, 4, 12, 30])
def test_the_pen_width_is_normalized(reader, pen_px):
    page = make_page(2, (300, 300), pen_px)
    image = prepare_picture(page).image
    expected = prepare_drawing(parse_drawing(build_sample_drawing(2))).image
    assert read(reader, page) == 2
    assert np.corrcoef(image.ravel(), expected.ravel())[0, 1] > 0.6


def test_a_small_digit_in_a_large_picture(reader):
    page = np.full((1200, 1600), 255, np.uint8)
    page[700:790, 300:372] = make_page(6, (90, 72), 4)
    assert read(reader, page) == 6


@pytest.mark.parametrize("polarity", [False, True])
def test_scans_of_16_pixels_without_margin(reader, polarity):
    random = np.random.default_rng(0)
    right = 0
    for digit in range(10):
        for _ in range(3):
            small = scan(255 - make_page(digit, (200, 200), 20), random)
            right += read(reader, 255 - small if polarity else small) == digit
    assert right >= 28


def test_simulated_photos(reader):
    """Photos with shadows, noise, and thin and thick pens."""
    random = np.random.default_rng(3)
    right = sum(
        read(reader, make_photo(get_lines(digit), random)) == digit
        for digit in range(10)
        for _ in range(5)
    )
    assert right >= 44


def test_real_photos(reader, shared_data_dir):
    from benchmarks.reading.loading import load_ink_sets

    photos = next(s for s in load_ink_sets(shared_data_dir)[0] if s.name == "photos")
    right = sum(reader.read(item.prepare(reader.rate)).digit == item.digit for item in photos.items)
    assert right / len(photos.items) >= 0.97
