"""Features, nearest neighbours, feature maps and probable label errors."""

from dataclasses import replace

import numpy as np
import pytest

from digitlab.datasets.loading import load_local_dataset
from digitlab.evaluation.analysis import (
    TrainingFeatures,
    build_feature_analysis,
    choose_evenly_spaced,
    choose_thumbnail_rows,
    compute_pca_map,
    compute_tsne_map,
    count_votes,
    find_alternative_classes,
    find_nearest,
    find_probable_label_errors,
    normalise_features,
)
from digitlab.evaluation.report import EvaluationReport, evaluate_reader
from digitlab.inference.activations import FeatureExtractor
from digitlab.inference.reader import DigitReader
from digitlab.model_store.store import get_model
from tests.unit.photo_model import build_photo_dataset, build_photo_tflite


@pytest.fixture(scope="module")
def small():
    """600 training images and 100 test images of the offline sample."""
    dataset = load_local_dataset("mnist", is_sample=True)
    return replace(
        dataset,
        images_train=dataset.images_train[:600], labels_train=dataset.labels_train[:600],
        images_test=dataset.images_test[::10], labels_test=dataset.labels_test[::10],
    )  # fmt: skip


@pytest.fixture(scope="module")
def report(small):
    return evaluate_reader(get_model("simple_cnn").open_reader(), small)


@pytest.mark.parametrize(("model_id", "width"), [("simple_cnn", 64), ("digitlab_cnn", 512)])
def test_features_are_the_input_of_the_last_dense_layer(model_id, width, small):
    """The outputs are a linear function of them, followed by a softmax."""
    model = get_model(model_id)
    images = small.images_test
    extractor = FeatureExtractor(model.read_content())
    features = extractor.compute(images)
    assert features.shape == (100, width)
    # The same in another order: no block depends on the one before.
    np.testing.assert_allclose(extractor.compute(images[::-1])[::-1], features, atol=1e-4)
    outputs = np.log(model.open_reader().compute_outputs(images))
    centred = outputs - outputs.mean(axis=1, keepdims=True)
    with_bias = np.hstack([features, np.ones((100, 1))])
    # With more features than images, any values would have a linear fit.
    if width < 90:
        solution = np.linalg.lstsq(with_bias, centred, rcond=None)[0]
        np.testing.assert_allclose(with_bias @ solution, centred, atol=0.01)


def test_nearest_neighbours_equal_an_exhaustive_search():
    random = np.random.default_rng(0)
    features = normalise_features(random.normal(size=(700, 8)))
    training = TrainingFeatures(features[:600], random.integers(0, 5, 600))
    queries, classes = features[600:], random.integers(0, 5, 100)
    found = find_nearest(training, queries, classes, 4)
    votes = count_votes(training, queries, classes, 10)
    similarity = queries @ training.features.T
    for k in range(100):
        order = np.argsort(-similarity[k])
        same_class = [i for i in order if training.labels[i] == classes[k]]
        assert found[k].tolist() == same_class[:4]
        assert votes[k] == sum(training.labels[order[:10]] == classes[k])


def test_the_pca_map_equals_scikit_learns():
    from sklearn.decomposition import PCA

    features = np.random.default_rng(0).normal(size=(300, 12)) * np.arange(1, 13)
    ours = compute_pca_map(features)
    expected = PCA(2, svd_solver="full").fit_transform(features)
    np.testing.assert_allclose(np.abs(ours), np.abs(expected), rtol=1e-3, atol=1e-3)


def test_planted_label_errors_are_found(small):
    report = evaluate_reader(get_model("digitlab_cnn").open_reader(), small)
    labels = report.labels.copy()
    planted = [3, 40, 77]
    labels[planted] = (labels[planted] + 3) % 10
    found = find_probable_label_errors(labels, report.probabilities)
    assert set(planted) <= set(found.tolist())
    assert len(found) <= 5
    assert (np.diff(report.probabilities[found, labels[found]]) >= 0).all()


def test_neighbours_confirm_planted_label_errors(small, report):
    """The training images confirm an error only if they have the predicted class."""
    model = get_model("simple_cnn")
    labels = small.labels_test.copy()
    planted = np.flatnonzero(report.is_correct & (report.confidences > 0.99))[:5]
    labels[planted] = (labels[planted] + 3) % 10
    wrong = replace(small, labels_test=labels)
    wrong_report = replace(report, labels=labels)
    analysis = build_feature_analysis(model.read_content(), wrong_report, wrong)
    assert set(planted) <= set(analysis.probable_label_errors.tolist())
    # The same predictions with a training set whose labels contradict them.
    shifted = replace(wrong, labels_train=(small.labels_train + 1) % 10)
    analysis = build_feature_analysis(model.read_content(), wrong_report, shifted)
    assert not set(planted) & set(analysis.probable_label_errors.tolist())


def test_a_feature_analysis_is_built_and_saved(small, report, tmp_path):
    model = get_model("simple_cnn")
    steps = []
    analysis = build_feature_analysis(
        model.read_content(), report, small, progress=lambda *step: steps.append(step)
    )
    assert steps[-1] == (700, 700)
    path = tmp_path / "report.npz"
    replace(report, feature_analysis=analysis).save(path)
    saved = EvaluationReport.load(path).feature_analysis
    assert saved.map.shape == (100, 2)
    for index in range(100):
        label = int(report.labels[index])
        same_class, alternative = saved.get_neighbours(index, label)
        assert same_class.label == label != alternative.label
        for side in (same_class, alternative):
            assert (small.labels_train[side.indices] == side.label).all()
            assert np.array_equal(side.images, small.images_train[side.indices])
        if not report.is_correct[index]:
            assert alternative.label == report.predictions[index]
    assert not saved.is_probable_label_error[report.is_correct].any()


def test_neighbours_without_saved_images_come_from_the_training_set(small, report):
    analysis = build_feature_analysis(get_model("simple_cnn").read_content(), report, small)
    easiest = int(report.margins.argmax())
    rows = np.setdiff1d(analysis.thumbnail_rows, [easiest])
    indices = analysis.thumbnail_indices[np.isin(analysis.thumbnail_rows, rows)]
    analysis = replace(analysis, thumbnail_rows=rows, thumbnail_indices=indices)
    label = int(report.labels[easiest])
    without, _ = analysis.get_neighbours(easiest, label)
    assert without.images is None
    with_training, _ = analysis.get_neighbours(easiest, label, small.images_train)
    assert np.array_equal(with_training.images, small.images_train[without.indices])


def test_thumbnails_are_saved_for_mistakes_rejections_and_small_margins():
    report = EvaluationReport.load(get_model("simple_cnn").directory / "report.npz")
    rows = choose_thumbnail_rows(report)
    assert len(rows) == 250
    assert (np.diff(rows) > 0).all()
    assert set(np.flatnonzero(~report.is_correct)) <= set(rows.tolist())
    is_chosen = np.isin(np.arange(len(report.labels)), rows)
    others = report.margins[~is_chosen].min()
    assert report.margins[is_chosen & report.is_correct].max() <= others


def test_alternative_classes_are_the_prediction_or_the_runner_up(report):
    alternatives = find_alternative_classes(report)
    assert (alternatives != report.labels).all()
    wrong = ~report.is_correct
    assert (alternatives[wrong] == report.predictions[wrong]).all()
    runner_up = np.argsort(report.probabilities, axis=1)[:, -2]
    assert (alternatives[~wrong] == runner_up[~wrong]).all()


def test_the_features_of_a_photo_model_are_analysed():
    """Its features are mean colours, so its nearest neighbours have the most similar colours."""
    dataset, content = build_photo_dataset(), build_photo_tflite()
    photo_report = evaluate_reader(DigitReader(content), dataset)
    analysis = build_feature_analysis(content, photo_report, dataset)
    assert analysis.thumbnails.shape[1:] == (32, 32, 3)
    same_class, _ = analysis.get_neighbours(5, int(photo_report.labels[5]))
    assert (dataset.labels_train[same_class.indices] == photo_report.labels[5]).all()
    assert np.array_equal(same_class.images, dataset.images_train[same_class.indices])


def test_evenly_spaced_indices():
    assert choose_evenly_spaced(10_000, 2000).shape == (2000,)
    assert choose_evenly_spaced(5, 2000).tolist() == [0, 1, 2, 3, 4]


def test_the_progress_of_tsne_covers_its_iterations(small):
    steps = []
    content = get_model("simple_cnn").read_content()
    coordinates = compute_tsne_map(
        content, small.images_test, progress=lambda done, n: steps.append((done, n))
    )
    assert coordinates.shape == (100, 2)
    done, totals = zip(*steps, strict=True)
    assert set(totals) == {done[-1]}
    assert sorted(done) == list(done)
    # In small steps, and complete only at the end.
    assert len(set(done)) > 10
    assert done.index(done[-1]) >= len(done) - 2


def test_tsne_can_be_stopped_during_its_iterations(small):
    def stop_halfway(done, n):
        if done > n / 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        compute_tsne_map(
            get_model("simple_cnn").read_content(), small.images_test, progress=stop_halfway
        )
