"""The images that the worker trains on: split, fraction, weights, augmentation."""

import numpy as np
import pytest

from digitlab.datasets.sample import load_sample
from digitlab.errors import ConfigError, RunStoppedError
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import get_model
from digitlab.runs.run import create_run
from digitlab.training.augmentation import (
    DEFAULT_AUGMENTATION,
    Augmentation,
    augment_images,
    degrade_images,
)
from digitlab.training.config import TrainConfig
from digitlab.worker import data, reporters
from digitlab.worker.data import (
    AugmentedBatches,
    compute_class_weights,
    prepare_data,
    take_training_fraction,
)
from digitlab.worker.status_writer import StatusWriter


@pytest.fixture(scope="module")
def digits():
    return np.stack(
        [prepare_drawing(parse_drawing(build_sample_drawing(k))).image for k in range(10)]
    )


def test_strength_0_changes_nothing(digits):
    assert np.array_equal(augment_images(digits, Augmentation(), np.random.default_rng(0)), digits)


def test_augmented_digits_vary_and_stay_legible(digits):
    random = np.random.default_rng(0)
    changed = augment_images(np.repeat(digits, 30, axis=0), DEFAULT_AUGMENTATION, random)
    assert len({image.tobytes() for image in changed}) == 300
    probabilities = get_model("digitlab_cnn").open_reader().compute_probabilities(changed)
    is_correct = probabilities.argmax(axis=1) == np.repeat(np.arange(10), 30)
    assert is_correct.mean() > 0.95


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


def test_degraded_digits_are_changed_and_stay_legible():
    sample = load_sample()
    images, labels = sample["x_test"], sample["y_test"]
    degraded = degrade_images(images, 1.0, np.random.default_rng(0))
    assert (degraded != images).any(axis=(1, 2)).mean() > 0.9
    probabilities = get_model("digitlab_cnn").open_reader().compute_probabilities(degraded)
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.96
    assert np.array_equal(degrade_images(images, 0.0, np.random.default_rng(0)), images)


def test_balanced_class_weights_give_every_class_the_same_total():
    labels = np.repeat([0, 1, 3], [60, 30, 10])
    assert compute_class_weights(TrainConfig(), labels) is None
    weights = compute_class_weights(TrainConfig(class_weights="balanced"), labels)
    assert [round(weights[k] * (labels == k).sum(), 6) for k in (0, 1, 3)] == [33.333333] * 3


def test_a_training_fraction_with_fewer_images_than_classes_is_refused():
    split = np.zeros((3600, 28, 28, 1), np.uint8), np.zeros(3600, np.uint8)
    images, _ = take_training_fraction(TrainConfig(training_fraction=0.1), split, 10)
    assert len(images) == 360
    with pytest.raises(ConfigError, match=r"leaves 4 of 3,600 .* Use at least 0\.003"):
        take_training_fraction(TrainConfig(training_fraction=0.001), split, 10)


class RecordingHeartbeat:
    """Counts the steps that are reported as progress."""

    def __init__(self):
        self.n_steps = 0

    def progress(self, _next_step):
        self.n_steps += 1


@pytest.fixture
def slow_preparation(monkeypatch):
    """Images that are generated in ten steps; gives the fractions on the run's status."""
    run = create_run(TrainConfig(dataset="handwriting"))
    writer = StatusWriter(run, RecordingHeartbeat())
    fractions = []

    def build(images, labels, *, progress):
        for k in range(1, 11):
            progress(k, 10)
            fractions.append(run.read_status().prepared)
        return images, labels

    monkeypatch.setattr(data, "build_training", build)
    monkeypatch.setattr(data, "build_validation", build)
    monkeypatch.setattr(reporters, "_WRITE_INTERVAL_S", 0.0)
    return run, writer, fractions


def test_long_preparation_shows_progress_and_counts_as_life(slow_preparation):
    run, writer, fractions = slow_preparation
    prepare_data(run.read_config(), writer)
    assert fractions == sorted(fractions)
    assert (fractions[0] < 0.1, fractions[-1]) == (True, 1.0)
    assert writer.heartbeat.n_steps >= 20
    assert run.read_status().is_sample


def test_preparation_can_be_stopped(slow_preparation):
    run, writer, _ = slow_preparation
    run.request_stop()
    with pytest.raises(RunStoppedError, match="images were being prepared"):
        prepare_data(run.read_config(), writer)
