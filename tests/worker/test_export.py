"""Export in every format, and calibration."""

from importlib.metadata import version

import keras
import numpy as np
import pytest

from digitlab.datasets.sample import load_sample
from digitlab.errors import RunError
from digitlab.evaluation.metrics import compute_calibration_error
from digitlab.model_store.formats import KERAS, MODEL_FORMATS, TFLITE, ModelFormat
from digitlab.model_store.store import get_model
from digitlab.worker.export import EXPORTERS, compute_temperature, export_model, scale_temperature
from digitlab.worker.model_card import find_versions

OPTIONAL = ModelFormat("optional", "model.optional", "Optional", "For tests.")


def load_shipped_model():
    return keras.saving.load_model(get_model("simple_cnn").directory / KERAS.file_name)


def test_every_format_has_an_exporter():
    assert list(EXPORTERS) == [model_format.id for model_format in MODEL_FORMATS]


def export(tmp_path, *formats, **exporters):
    """Export with stand-ins that write the path's name, unless others are given."""

    def write_name(_model, path, _images):
        path.write_text(path.name)

    known = dict.fromkeys((model_format.id for model_format in formats), write_name) | exporters
    images = np.zeros((1, 28, 28), np.uint8)
    return export_model(load_shipped_model(), tmp_path, images, formats=formats, exporters=known)


def test_a_failed_export_of_an_optional_format_is_noted(tmp_path):
    def fail_halfway(_model, path, _images):
        path.write_text("half of a")
        raise NotImplementedError

    assert export(tmp_path, KERAS, OPTIONAL, optional=fail_halfway) == [
        "Optional is missing: its export failed (NotImplementedError)."
    ]
    assert [path.name for path in tmp_path.iterdir()] == [KERAS.file_name]


def test_a_missing_package_of_an_optional_format_is_noted(tmp_path):
    needs_package = ModelFormat("optional", "model.optional", "Optional", "", package="no_such")
    (tmp_path / "model.optional").write_text("of an earlier session")
    assert export(tmp_path, KERAS, needs_package) == [
        "Optional is missing: the package no_such is not installed."
    ]
    assert [path.name for path in tmp_path.iterdir()] == [KERAS.file_name]


def test_an_optional_format_is_written(tmp_path):
    assert export(tmp_path, KERAS, OPTIONAL) == []
    assert (tmp_path / OPTIONAL.file_name).is_file()


def test_a_failed_export_of_a_required_format_is_an_error(tmp_path):
    def fail(_model, _path, _images):
        raise RunError("it differs")

    with pytest.raises(RunError, match="it differs"):
        export(tmp_path, KERAS, TFLITE, tflite=fail)


def test_the_temperature_of_known_logits_is_found():
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (20_000, 10))
    calibrated = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (calibrated.cumsum(axis=1) > random.random((20_000, 1))).argmax(axis=1)
    overconfident = np.exp(2 * logits) / np.exp(2 * logits).sum(axis=1, keepdims=True)
    assert compute_temperature(calibrated, labels) == pytest.approx(1, abs=0.05)
    assert compute_temperature(overconfident, labels) == pytest.approx(2, abs=0.1)


def test_temperature_scaling_calibrates_images_it_was_not_fitted_on():
    sample = load_sample()
    images, labels = sample["x_train"][..., None], sample["y_train"]
    model = load_shipped_model()
    last = model.layers[-1]
    last.set_weights([3 * weights for weights in last.get_weights()])

    def measure(part):
        probabilities = model.predict(images[part], verbose=0)
        is_correct = probabilities.argmax(axis=1) == labels[part]
        error = compute_calibration_error(probabilities.max(axis=1), is_correct)
        return error, is_correct.mean()

    fitted, held_out = slice(0, 2000), slice(2000, None)
    before, accuracy = measure(held_out)
    assert scale_temperature(model, images[fitted], labels[fitted]) > 1.3
    after, accuracy_after = measure(held_out)
    assert after < 0.6 * before
    assert accuracy_after == accuracy


def test_versions_include_the_package_of_an_optional_format():
    format_with_package = ModelFormat("optional", "model.optional", "", "", package="pillow")
    assert find_versions([format_with_package])["pillow"] == version("pillow")
    assert "pillow" not in find_versions([KERAS])
