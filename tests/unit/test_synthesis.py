import gzip
import json

import cv2
import numpy as np
import pytest

from digitlab.errors import DatasetUnavailableError
from digitlab.ink import prepare_drawing
from digitlab.ink.fabricjs import Stroke
from digitlab.ink.samples import SAMPLE_POINTS
from digitlab.synthesis import generation
from digitlab.synthesis.combinations import draw_combination
from digitlab.synthesis.dataset import build_training, build_validation
from digitlab.synthesis.generation import NO_DIGIT
from digitlab.synthesis.mixture import MixtureSpec
from digitlab.synthesis.signs import SIGNS
from digitlab.synthesis.strokes import is_held_out

MIXTURE = MixtureSpec(
    drawn=1, on_screen=1, scanned=1, photographed=1, thick=1, broken=1, edged=1, squared=1, poor=1,
    stretched=1, mnist_scanned=5, mnist_on_screen=5, letters=1, negative_shapes=5, signs=5,
    combinations=5, scribbles=5, dots=2, textures=3, blank_pages=3, object_photos=3, pairs=5,
)  # fmt: skip
CROSS = [[[40, 40], [240, 240]], [[240, 40], [40, 240]]]


def count_parts(lines):
    """Number of separate pieces of ink, drawn with a thin pen."""
    points = np.concatenate(lines)
    scale = 200 / max(float(np.ptp(points, axis=0).max()), 1e-6)
    mask = np.zeros((260, 260), np.uint8)
    drawn = [np.round((line - points.min(axis=0)) * scale + 30).astype(np.int32) for line in lines]
    cv2.polylines(mask, drawn, False, 255, 3)
    return cv2.connectedComponents(mask)[0] - 1


@pytest.fixture
def pens(tmp_path, monkeypatch):
    """Ten digits and a letter of each of two writers: one for training, one held out."""
    names = (f"w{k}" for k in range(100))
    training = next(name for name in names if not is_held_out(name))
    held_out = next(name for name in names if is_held_out(name))
    rows = [
        {"label": str(digit), "writer": writer, "strokes": strokes}
        for writer in (training, held_out)
        for digit, strokes in SAMPLE_POINTS.items()
    ]
    letters = [
        {"label": "X", "writer": writer, "strokes": CROSS} for writer in (training, held_out)
    ]
    for name, content in (("ink_digits", rows), ("ink_letters", letters)):
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(row) + "\n" for row in content)
    monkeypatch.setenv("DIGITLAB_DATA", str(tmp_path))
    return training, held_out


def make_mnist(n=20):
    images = np.zeros((n, 28, 28), np.uint8)
    images[:, 5:23, 12:15] = 255
    return images, np.ones(n, np.uint8)


def test_images_are_framed_digits_and_non_digits(pens):
    images, labels = build_training(*make_mnist(), MIXTURE)
    assert images.shape == (len(labels), 28, 28)
    assert images.dtype == np.uint8
    assert set(labels) == set(range(11))
    assert (labels == NO_DIGIT).sum() >= 15
    assert (images.reshape(len(images), -1).max(axis=1) > 100).all()


def test_progress_is_reported_up_to_about_the_end(pens):
    calls = []
    images, _ = build_training(*make_mnist(), MIXTURE, progress=lambda *call: calls.append(call))
    assert [done for done, _ in calls] == list(range(1, len(images) - 20 + 1))
    assert len({total for _, total in calls}) == 1
    # Where no ink is found in a generated picture, it is left out.
    assert 0.7 < calls[-1][0] / calls[-1][1] <= 1.05


def test_the_data_set_is_reproducible(pens):
    one, other = (build_training(*make_mnist(), MIXTURE) for _ in range(2))
    assert np.array_equal(one[0], other[0])
    assert np.array_equal(one[1], other[1])


def test_held_out_writers_are_in_the_validation_set_only(pens, monkeypatch):
    seen = []
    monkeypatch.setattr(
        generation, "vary", lambda pen, random: seen.append(pen.writer) or list(pen.strokes)
    )
    build_training(*make_mnist(), MIXTURE)
    assert set(seen) == {pens[0]}
    seen.clear()
    build_validation(*make_mnist(), MIXTURE)
    assert set(seen) == {pens[1]}


def test_the_error_without_pen_strokes_names_their_source(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLAB_DATA", str(tmp_path))
    with pytest.raises(DatasetUnavailableError, match=r"zenodo\.org/records/1195803"):
        build_training(*make_mnist(), MIXTURE)


@pytest.mark.parametrize(
    ("sign", "n_parts"), [("plus", 1), ("divide", 3), ("hash", 1), ("question", 2)]
)
def test_a_sign_has_its_parts_in_any_proportions(sign, n_parts):
    counts = [count_parts(SIGNS[sign](np.random.default_rng(seed))) for seed in range(40)]
    assert set(counts) == {n_parts}


@pytest.mark.parametrize("draw", [*SIGNS.values(), draw_combination])
def test_a_sign_is_prepared_like_a_drawing(draw):
    random = np.random.default_rng(0)
    lines = draw(random)
    points = np.concatenate(lines)
    assert np.isfinite(points).all()
    image = prepare_drawing([Stroke(line * 100, 12) for line in lines]).image
    assert image.max() > 200
