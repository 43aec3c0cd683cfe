"""Reports: saved and loaded, damaged, and of a model for photos."""

from dataclasses import replace

import numpy as np
import pytest

from digitlab.datasets.loading import load_local_dataset
from digitlab.errors import ModelStoreError
from digitlab.evaluation.comparison import compare_reports
from digitlab.evaluation.feature_analysis import FeatureAnalysis
from digitlab.evaluation.gallery import GalleryQuery, find_samples
from digitlab.evaluation.metrics import list_confusions
from digitlab.evaluation.report import EvaluationReport, evaluate_reader
from digitlab.evaluation.results_cache import (
    describe_data,
    get_results_dir,
    load_feature_map,
    load_report,
    load_robustness,
    load_test_images,
    measure_latency_ms,
)
from digitlab.evaluation.saved_images import SavedImages, choose_indices_to_save
from digitlab.model_store.store import get_model, list_models
from tests.unit.photo_model import build_photo_dataset, save_photo_model
from tests.unit.sample_model import save_sample_model


@pytest.fixture(scope="module")
def report():
    return load_report(get_model("digitlab_cnn"))


def test_a_report_is_loaded_as_it_was_saved(report, tmp_path):
    path = tmp_path / "report.npz"
    no_digit = np.zeros(10_000, np.float32)
    no_digit[3] = 0.7
    replace(report, no_digit=no_digit).save(path)
    loaded = EvaluationReport.load(path, no_digit_threshold=0.7)
    assert np.array_equal(loaded.probabilities, report.probabilities)
    assert loaded.test_set_id == "mnist"
    assert loaded.has_same_data(report)
    assert find_samples(loaded, GalleryQuery(rejected=True)).tolist() == [3]
    assert np.array_equal(loaded.feature_analysis.map, report.feature_analysis.map)
    assert np.array_equal(loaded.saved_images.images, report.saved_images.images)
    assert [file.name for file in tmp_path.iterdir()] == ["report.npz"]


def test_a_truncated_report_is_damaged(report, tmp_path):
    path = tmp_path / "report.npz"
    report.save(path)
    content = path.read_bytes()
    for length in (0, 1, 1000, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(ModelStoreError, match="is damaged"):
            EvaluationReport.load(path)


N = 20


def build_arrays():
    labels = np.arange(N, dtype=np.uint8) % 10
    return {
        "labels": labels, "predictions": labels.copy(),
        "probabilities": np.eye(10, dtype=np.float32)[labels],
        "no_digit": np.zeros(N, np.float32), "test_set_id": np.array("mnist"),
        "saved_indices": np.array([3, 5], np.int32),
        "saved_images": np.zeros((2, 28, 28), np.uint8),
        "features_probable_label_errors": np.array([7], np.int32),
        "features_map": np.zeros((N, 2), np.float16),
        "features_alternative_classes": labels.copy(),
        "features_neighbours": np.zeros((N, 2, 4), np.int32),
        "features_thumbnail_rows": np.array([7], np.int32),
        "features_thumbnail_indices": np.zeros((1, 2, 4), np.int32),
        "features_thumbnails": np.zeros((1, 28, 28), np.uint8),
    }  # fmt: skip


def test_consistent_arrays_are_accepted(tmp_path):
    np.savez(tmp_path / "report.npz", **build_arrays())
    loaded = EvaluationReport.load(tmp_path / "report.npz")
    assert loaded.feature_analysis.is_probable_label_error[7]
    assert loaded.saved_images.indices.tolist() == [3, 5]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("labels", None), ("labels", np.zeros(0, np.uint8)), ("labels", np.zeros(3, np.uint8)),
        ("labels", np.full(N, 10, np.uint8)), ("labels", np.zeros(N, np.float32)),
        ("labels", np.array(3)), ("predictions", np.full(N, 200, np.uint8)),
        ("probabilities", np.zeros(N, np.float32)), ("probabilities", np.full((N, 10), np.nan)),
        ("probabilities", np.zeros((N, 0))), ("probabilities", np.full((N, 10), "x")),
        ("no_digit", np.zeros((N, 1))), ("test_set_id", None),
        ("saved_indices", np.array([3, N], np.int32)), ("saved_indices", np.array([-1, 3])),
        ("saved_images", np.zeros((3, 28, 28), np.uint8)), ("saved_images", np.zeros(2)),
        ("features_map", np.zeros((N, 3))), ("features_neighbours", np.zeros(N, np.int32)),
        ("features_neighbours", np.array(0)), ("features_thumbnails", None),
        ("features_thumbnail_rows", np.array([N])),
        ("features_thumbnail_indices", np.full((1, 2, 4), 1)),
        ("features_probable_label_errors", np.array([N])),
    ],
)  # fmt: skip
def test_inconsistent_arrays_are_damage(tmp_path, name, value):
    arrays = build_arrays()
    if value is None:
        del arrays[name]
    else:
        arrays[name] = value
    path = tmp_path / "some_model" / "report.npz"
    path.parent.mkdir()
    np.savez(path, **arrays)
    with pytest.raises(ModelStoreError, match="report of some_model is damaged"):
        EvaluationReport.load(path)


def test_a_damaged_cached_report_does_not_hide_the_models_own():
    model = save_sample_model()
    cached = get_results_dir(model) / "report.npz"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"damaged")
    assert load_report(model).feature_analysis is None


def test_damage_of_one_result_leaves_the_others():
    model = save_sample_model()
    directory = get_results_dir(model)
    directory.mkdir(parents=True)
    (directory / "robustness.json").write_text("[]")
    (directory / "tsne.npy").write_bytes(b"damaged")
    report = load_report(model)
    with pytest.raises(ModelStoreError, match=r"robustness of .* is damaged"):
        load_robustness(model)
    with pytest.raises(ModelStoreError, match="t-SNE map of sample_model is damaged"):
        load_feature_map(model, report, "tsne")


def test_a_damaged_report_is_an_error_of_that_model_alone():
    model = save_sample_model()
    (model.directory / "report.npz").write_bytes(b"damaged")
    with pytest.raises(ModelStoreError, match="report of sample_model is damaged"):
        load_report(model)
    assert "sample_model" in [one.id for one in list_models()]
    other = get_model("simple_cnn")
    assert load_test_images(other, load_report(other)) is not None


def test_required_images_and_close_calls_are_saved():
    labels = np.arange(100) % 2
    margins = np.linspace(0, 1, 100)
    is_required = np.zeros(100, bool)
    is_required[[90, 99]] = True
    chosen = choose_indices_to_save(labels, is_required, margins, 2)
    assert chosen.tolist() == [*range(48), 90, 99]


class TestPhotoModel:
    """A model for colour photos with class names, nothing of which is a digit."""

    @pytest.fixture
    def model(self):
        return save_photo_model()

    def test_its_report_names_its_data(self, model):
        report = load_report(model)
        assert report.test_set_id == "cifar10"
        assert 0.5 < report.accuracy < 1
        data = describe_data(model, report)
        assert (data["label"], data["n"]) == ("CIFAR-10 photos", 200)
        assert not report.is_rejected.any()
        worst = list_confusions(report.metrics["confusion"], limit=1)[0]
        names = build_photo_dataset().spec.class_names
        assert worst.describe(names).startswith(f"{names[worst.true]} classified as ")

    def test_its_saved_images_have_colours(self, model):
        report = load_report(model)
        images = load_test_images(model, report)
        wrong = find_samples(report, GalleryQuery(correct=False))
        assert images.images.shape == (200, 32, 32, 3)
        assert sorted(np.flatnonzero(images.is_available)) == sorted(wrong)
        assert np.array_equal(images.images[wrong], build_photo_dataset().images_test[wrong])

    def test_it_is_not_comparable_with_a_digit_model(self, model, report):
        with pytest.raises(ModelStoreError, match="not comparable"):
            compare_reports(load_report(model), report)

    def test_it_does_not_take_digits(self, model):
        digits = load_local_dataset("mnist", is_sample=True)
        with pytest.raises(ModelStoreError, match=r"takes images of shape \(32, 32, 3\)"):
            evaluate_reader(model.open_reader(), digits)

    def test_its_latency_is_measured(self, model):
        assert measure_latency_ms(model.open_reader(), build_photo_dataset().images_test) > 0

    def test_its_images_and_neighbours_are_saved_in_colour(self, tmp_path):
        arrays = build_arrays() | {
            "features_thumbnails": np.zeros((1, 32, 32, 3), np.uint8),
            "saved_images": np.zeros((2, 32, 32, 3), np.uint8),
        }
        assert FeatureAnalysis.from_arrays(arrays, N).thumbnails.shape == (1, 32, 32, 3)
        assert SavedImages.from_arrays(arrays, N).images.shape == (2, 32, 32, 3)
