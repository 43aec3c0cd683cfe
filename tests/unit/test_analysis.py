"""Features, nearest neighbours, feature maps and probable label errors."""

from dataclasses import replace

import numpy as np
import pytest

from digitlab.datasets.loading import load_local_dataset
from digitlab.evaluation.analysis import (
    TrainingFeatures,
    build_feature_analysis,
    choose_evenly_spaced,
    compute_pca_map,
    count_votes,
    find_alternative_classes,
    find_nearest,
    find_probable_label_errors,
    normalise_features,
)
from digitlab.evaluation.report import EvaluationReport, evaluate_reader
from digitlab.inference.activations import FeatureExtractor
from digitlab.model_store.store import get_model


@pytest.fixture(scope="module")
def small():
    """600 training images and 100 test images of the offline sample."""
    dataset = load_local_dataset("mnist", is_sample=True)
    return replace(
        dataset,
        images_train=dataset.images_train[:600], labels_train=dataset.labels_train[:600],
        images_test=dataset.images_test[::10], labels_test=dataset.labels_test[::10],
    )  # fmt: skip


@pytest.mark.parametrize(("model_id", "width"), [("simple_cnn", 64), ("digitlab_cnn", 512)])
def test_features_are_what_the_last_layer_sees(model_id, width, small):
    """Its outputs follow from them by one dense layer: equal features, equal answers."""
    model = get_model(model_id)
    images = small.images_test
    reader = FeatureExtractor(model.read_content())
    features = reader.compute(images)
    assert features.shape == (100, width)
    # In other blocks they are the same: nothing is left over from the block before.
    np.testing.assert_allclose(reader.compute(images[::-1])[::-1], features, atol=1e-4)
    outputs = np.log(model.open_reader().compute_outputs(images))
    centred = outputs - outputs.mean(axis=1, keepdims=True)
    with_bias = np.hstack([features, np.ones((100, 1))])
    # A linear map fits them exactly where features are fewer than digits.
    if width < 90:
        solution = np.linalg.lstsq(with_bias, centred, rcond=None)[0]
        np.testing.assert_allclose(with_bias @ solution, centred, atol=0.01)


def test_neighbours_equal_a_plain_search():
    rng = np.random.default_rng(0)
    features = normalise_features(rng.normal(size=(700, 8)))
    training = TrainingFeatures(features[:600], rng.integers(0, 5, 600))
    asked, classes = features[600:], rng.integers(0, 5, 100)
    found = find_nearest(training, asked, classes, 4)
    votes = count_votes(training, asked, classes, 10)
    similarity = asked @ training.features.T
    for k in range(100):
        order = np.argsort(-similarity[k])
        same = [i for i in order if training.labels[i] == classes[k]]
        assert found[k].tolist() == same[:4]
        assert votes[k] == sum(training.labels[order[:10]] == classes[k])


def test_the_map_equals_scikit_learns():
    from sklearn.decomposition import PCA

    features = np.random.default_rng(0).normal(size=(300, 12)) * np.arange(1, 13)
    ours = compute_pca_map(features)
    expected = PCA(2, svd_solver="full").fit_transform(features)
    np.testing.assert_allclose(np.abs(ours), np.abs(expected), rtol=1e-3, atol=1e-3)


def test_wrong_labels_are_found(small):
    model = get_model("digitlab_cnn")
    report = evaluate_reader(model.open_reader(), small)
    labels = report.labels.copy()
    planted = [3, 40, 77]
    labels[planted] = (labels[planted] + 3) % 10
    found = find_probable_label_errors(labels, report.probabilities)
    assert set(planted) <= set(found.tolist())
    assert len(found) <= 5
    own = report.probabilities[found, labels[found]]
    assert (np.diff(own) >= 0).all()


def test_insight_is_built_and_kept(small, tmp_path):
    model = get_model("simple_cnn")
    report = evaluate_reader(model.open_reader(), small)
    steps = []
    feature_analysis = build_feature_analysis(
        model.read_content(), report, small, progress=lambda *step: steps.append(step)
    )
    assert steps[-1] == (700, 700)
    path = tmp_path / "report.npz"
    replace(report, feature_analysis=feature_analysis).save(path)
    kept = EvaluationReport.load(path).feature_analysis
    assert kept is not None
    assert kept.map.shape == (100, 2)
    for index in range(100):
        label = int(report.labels[index])
        own, rival = kept.get_neighbours(index, label, small.images_train)
        assert own.label == label != rival.label
        for side in (own, rival):
            assert (small.labels_train[side.indices] == side.label).all()
            # The pictures kept are those of the places named.
            assert np.array_equal(side.images, small.images_train[side.indices])
        if not report.is_correct[index]:
            assert rival.label == report.predictions[index]
    assert not kept.is_probable_label_error[report.is_correct].any()


def test_only_the_hardest_digits_keep_pictures(small):
    report = evaluate_reader(get_model("simple_cnn").open_reader(), small)
    alternative_classes = find_alternative_classes(report)
    assert (alternative_classes != report.labels).all()
    assert choose_evenly_spaced(10_000, 2000).shape == (2000,)
    assert choose_evenly_spaced(5, 2000).tolist() == [0, 1, 2, 3, 4]
