import keras
import numpy as np
import pytest

from digitlab.datasets.loading import load_sample
from digitlab.evaluation.metrics import compute_calibration_error
from digitlab.model_store.store import get_model
from digitlab.training.augmentation import degrade_images
from digitlab.worker.export import calibrate, compute_temperature
from digitlab.worker.model import build_net, transfer_weights


def test_the_temperature_is_found_again():
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (20_000, 10))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (honest.cumsum(axis=1) > random.random((20_000, 1))).argmax(axis=1)
    boastful = np.exp(2 * logits) / np.exp(2 * logits).sum(axis=1, keepdims=True)
    assert compute_temperature(honest, labels) == pytest.approx(1, abs=0.05)
    assert compute_temperature(boastful, labels) == pytest.approx(2, abs=0.1)


def test_a_boastful_model_becomes_honest():
    sample = load_sample()
    images, labels = sample["x_test"][..., None], sample["y_test"]
    model = keras.saving.load_model(get_model("simple_cnn").directory / "model.keras")
    last = model.layers[-1]
    last.set_weights([3 * weights for weights in last.get_weights()])

    def measure():
        probabilities = model.predict(images, verbose=0)
        is_right = probabilities.argmax(axis=1) == labels
        return compute_calibration_error(probabilities.max(axis=1), is_right), is_right.mean()

    before, accuracy = measure()
    assert calibrate(model, images, labels) > 1.3
    after, accuracy_after = measure()
    assert after < before
    assert accuracy_after == accuracy


def test_a_head_start_reads_at_once():
    source = get_model("simple_cnn")
    model = build_net("simple_cnn", (28, 28), 12)
    assert transfer_weights(source, model) == 4
    sample = load_sample()
    probabilities = model.predict(sample["x_test"][..., None], verbose=0)[:, :10]
    assert (probabilities.argmax(axis=1) == sample["y_test"]).mean() > 0.97


def test_worn_digits_are_changed_and_stay_legible():
    sample = load_sample()
    images, labels = sample["x_test"], sample["y_test"]
    worn = degrade_images(images, 1.0, np.random.default_rng(0))
    changed = (worn != images).any(axis=(1, 2))
    assert changed.mean() > 0.9
    probabilities = get_model("digitlab_cnn").open_reader().compute_probabilities(worn)
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.96
    assert np.array_equal(degrade_images(images, 0.0, np.random.default_rng(0)), images)
