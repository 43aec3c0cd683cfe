import numpy as np
import pytest

from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import get_model
from digitlab.training.augmentation import DEFAULT_AUGMENTATION, Augmentation, augment_images
from digitlab.worker.data import AugmentedBatches


@pytest.fixture(scope="module")
def digits():
    return np.stack(
        [prepare_drawing(parse_drawing(build_sample_drawing(k))).image for k in range(10)]
    )


def test_strength_0_changes_nothing(digits):
    assert np.array_equal(augment_images(digits, Augmentation(), np.random.default_rng(0)), digits)


def test_a_digit_stays_what_it_is_and_varies(digits):
    random = np.random.default_rng(0)
    changed = augment_images(np.repeat(digits, 30, axis=0), DEFAULT_AUGMENTATION, random)
    assert len({image.tobytes() for image in changed}) == 300
    probabilities = get_model("digitlab_cnn").open_reader().compute_probabilities(changed)
    right = probabilities.argmax(axis=1) == np.repeat(np.arange(10), 30)
    assert right.mean() > 0.95


def test_colour_images_keep_their_channels():
    images = np.zeros((2, 32, 32, 3), np.uint8)
    images[..., 1] = 200
    changed = augment_images(images, DEFAULT_AUGMENTATION, np.random.default_rng(0))
    assert changed.shape == images.shape
    assert changed[:, 16, 16].tolist() == [[0, 200, 0]] * 2


def test_batches_hold_every_image_once_and_change_each_epoch(digits):
    batches = AugmentedBatches(
        digits[..., None], np.arange(10), 4, ranges=DEFAULT_AUGMENTATION, seed=0
    )
    assert len(batches) == 3

    def collect():
        parts = [batches[k] for k in range(len(batches))]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    first_images, first_labels = collect()
    assert first_images.shape == (10, 28, 28, 1)
    assert sorted(first_labels) == list(range(10))
    batches.on_epoch_end()
    second_images, second_labels = collect()
    assert sorted(second_labels) == list(range(10))
    by_digit = first_images[np.argsort(first_labels)], second_images[np.argsort(second_labels)]
    assert not np.array_equal(*by_digit)
