"""Corruptions and robustness."""

from dataclasses import replace

import numpy as np
import pytest

from digitlab.datasets.loading import load_local_dataset
from digitlab.errors import ModelStoreError
from digitlab.evaluation.robustness import (
    CORRUPTIONS,
    Robustness,
    RobustnessPoint,
    compute_robustness,
    corrupt_at_all_strengths,
    corrupt_images,
    list_corruptions,
)
from digitlab.model_store.store import get_model


@pytest.fixture(scope="module")
def small():
    """A hundred test images of the offline sample."""
    dataset = load_local_dataset("mnist", is_sample=True)
    return replace(
        dataset, images_test=dataset.images_test[::10], labels_test=dataset.labels_test[::10]
    )


@pytest.mark.parametrize("key", CORRUPTIONS)
def test_a_corruption_changes_images_except_at_its_neutral_strength(key, small):
    corruption = CORRUPTIONS[key]
    images = small.images_test[:20]
    assert corruption.neutral in corruption.strengths
    assert list(corruption.strengths) == sorted(corruption.strengths)
    for strength in corruption.strengths:
        changed = corrupt_images(images, key, strength)
        assert (changed.shape, changed.dtype) == (images.shape, np.uint8)
        assert np.array_equal(changed, images) == (strength == corruption.neutral)
        assert np.array_equal(changed, corrupt_images(images, key, strength))
    corrupted = corrupt_at_all_strengths(images[0], key)
    assert len(corrupted) == len(corruption.strengths)
    assert np.array_equal(corrupted[corruption.strengths.index(corruption.neutral)], images[0])


def test_corruptions_do_what_their_names_say(small):
    image = small.images_test[50]
    rows, columns = np.nonzero(image)
    before = image.sum()
    assert np.abs(corrupt_images(image[None], "rotation", 90)[0] - np.rot90(image, -1)).max() <= 1
    assert corrupt_images(image[None], "contrast", 0.5)[0].max() == round(image.max() / 2)
    assert corrupt_images(image[None], "pen_width", 2)[0].sum() > 1.3 * before
    assert corrupt_images(image[None], "pen_width", -1)[0].sum() < 0.9 * before
    smaller = np.nonzero(corrupt_images(image[None], "scale", 0.55)[0])
    assert np.ptp(smaller[0]) == pytest.approx(0.55 * np.ptp(rows), abs=2)
    moved = np.nonzero(corrupt_images(image[None], "shift", 3)[0])
    distance = np.hypot(moved[0].mean() - rows.mean(), moved[1].mean() - columns.mean())
    assert distance == pytest.approx(3, abs=0.5)
    noise = corrupt_images(np.full((1, 28, 28), 128, np.uint8), "noise", 0.1)[0]
    assert noise.std() == pytest.approx(25.5, rel=0.1)


def test_robustness_is_measured_and_saved(small, tmp_path):
    reader = get_model("simple_cnn").open_reader()
    steps = []
    images, labels = small.images_test, small.labels_test
    found = compute_robustness(reader, images, labels, progress=lambda *s: steps.append(s))
    assert steps[-1][0] == steps[-1][1] == len(steps)
    for key, curve in found.curves.items():
        by_strength = {point.strength: point for point in curve}
        uncorrupted = by_strength[CORRUPTIONS[key].neutral]
        assert uncorrupted.accuracy >= 0.95
        assert min(point.accuracy for point in curve) < uncorrupted.accuracy
        assert all(point.low <= point.accuracy <= point.high for point in curve)
    path = tmp_path / "robustness.json"
    found.save(path)
    assert Robustness.load(path) == found


@pytest.mark.parametrize(
    "content",
    ["", "[]", "null", "{", '{"n": "x", "curves": {}}', '{"n": 1, "curves": []}',
     '{"n": 1, "curves": {"blur": [{"strength": 1}]}}', '{"n": 1, "curves": {"blur": 3}}'],
)  # fmt: skip
def test_a_damaged_robustness_file_is_reported(tmp_path, content):
    path = tmp_path / "some_model" / "robustness.json"
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(ModelStoreError, match="robustness of some_model is damaged"):
        Robustness.load(path)


def test_unknown_corruptions_are_ignored(tmp_path):
    path = tmp_path / "robustness.json"
    point = RobustnessPoint(0, 0.9, 0.8, 1.0, 0.0)
    Robustness(10, {"blur": (point,), "removed_one": (point,)}).save(path)
    assert Robustness.load(path).curves == {"blur": (point,)}


def test_photos_are_corrupted_too_but_have_no_pen_width():
    photos = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    corruptions = list_corruptions(has_photos=True)
    assert {one.id for one in CORRUPTIONS.values()} - {one.id for one in corruptions} == {
        "pen_width"
    }
    for corruption in corruptions:
        for strength in corruption.strengths:
            corrupted = corrupt_images(photos, corruption.id, strength)
            assert (corrupted.shape, corrupted.dtype) == (photos.shape, np.uint8)
            is_unchanged = np.array_equal(corrupted, photos)
            assert is_unchanged == (strength == corruption.neutral), (corruption.id, strength)


def test_a_shifted_photo_has_no_black_border():
    photo = np.full((1, 32, 32, 3), 200, np.uint8)
    assert corrupt_images(photo, "shift", 8).min() == 200
    assert corrupt_images(photo[..., 0], "shift", 8).min() == 0
