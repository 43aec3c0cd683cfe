"""The slow analyses of a model: nearest neighbours, feature maps, probable label errors."""

import contextlib
import io
import re
from dataclasses import dataclass

import numpy as np

from digitlab.datasets.loading import Dataset
from digitlab.evaluation.feature_analysis import FeatureAnalysis
from digitlab.evaluation.report import EvaluationReport
from digitlab.inference.activations import FeatureExtractor
from digitlab.jobs import ProgressCallback

_BLOCK = 512

# The thresholds of a confident network are so close to 1 that hardly any image reaches them.
HIGHEST_THRESHOLD = 0.8

_N_NEIGHBOURS = 4
# The neighbours' images are saved for this many test images: all errors of a good network.
_N_WITH_THUMBNAILS = 250
# A label error is confirmed if this many of the nearest training images agree.
_N_VOTES, _N_VOTES_REQUIRED = 10, 8
# Iterations of t-SNE, and the steps that computing the features counts as beside them.
_N_TSNE_ITERATIONS, _N_FEATURE_STEPS = 1000, 50


@dataclass(frozen=True)
class TrainingFeatures:
    """The features of a training set.

    Attributes:
        features: `(n, features)` float32, rows of length 1.
        labels: `(n,)` integers.
    """

    features: np.ndarray
    labels: np.ndarray


def normalise_features(features: np.ndarray) -> np.ndarray:
    """Scale each row to length 1, so that dot products are cosine similarities."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return (features / np.maximum(lengths, 1e-12)).astype(np.float32)


def find_nearest(
    training: TrainingFeatures, features: np.ndarray, classes: np.ndarray, k: int
) -> np.ndarray:
    """Find the k nearest training images of one class for each image.

    Args:
        features: `(n, features)`, rows of length 1.
        classes: `(n,)`, the class of each image's neighbours.
        k: at most the number of training images of each class.
    Returns:
        `(n, k)` int32, indices into the training set, nearest first.
    """
    nearest = np.zeros((len(features), k), np.int32)
    for label in np.unique(classes):
        rows = np.flatnonzero(classes == label)
        candidates = np.flatnonzero(training.labels == label)
        candidate_features = training.features[candidates]
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            nearest[block] = candidates[_find_top(features[block] @ candidate_features.T, k)]
    return nearest


def _find_top(similarity: np.ndarray, k: int) -> np.ndarray:
    """The indices of the k largest values of each row, in descending order."""
    top = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(similarity, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)


def count_votes(
    training: TrainingFeatures, features: np.ndarray, classes: np.ndarray, k: int
) -> np.ndarray:
    """Count how many of the k nearest training images belong to a given class.

    Args:
        features: `(n, features)`, rows of length 1; n is small.
        classes: `(n,)`, the class to vote for.
    Returns:
        `(n,)` int, 0 to k.
    """
    if not len(features):
        return np.zeros(0, int)
    nearest = _find_top(features @ training.features.T, min(k, len(training.labels)))
    return (training.labels[nearest] == classes[:, None]).sum(axis=1)


def compute_pca_map(features: np.ndarray) -> np.ndarray:
    """Project features onto their first two principal components.

    Args:
        features: `(n, features)`.
    Returns:
        `(n, 2)` float32. The largest loading of each component is positive.
    """
    centred = features - features.mean(axis=0)
    _, components = np.linalg.eigh(centred.T @ centred)
    components = components[:, ::-1][:, :2]
    signs = np.sign(components[np.abs(components).argmax(axis=0), [0, 1]])
    return (centred @ (components * signs)).astype(np.float32)


def find_probable_label_errors(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Find images whose label is probably wrong, by confident learning.

    The threshold of a class is its mean probability over the images with that label, at most
    `HIGHEST_THRESHOLD`. A label is probably wrong if another class exceeds its threshold and is
    the most probable of all classes that do.

    Args:
        labels: `(n,)` integers.
        probabilities: `(n, classes)`, of a network that was not trained on these images.
    Returns:
        `(m,)` int64, indices, the least probable label first.
    Source: Northcutt, Jiang and Chuang 2021, "Confident Learning", section 3.1; this is what
        cleanlab's `find_label_issues` does with `filter_by="confident_learning"`. The upper limit
        of the thresholds is an addition.
    """
    n_classes = probabilities.shape[1]
    label_probabilities = probabilities[np.arange(len(labels)), labels]
    thresholds = np.full(n_classes, np.inf)
    for k in np.unique(labels):
        thresholds[k] = min(label_probabilities[labels == k].mean(), HIGHEST_THRESHOLD)
    # A small tolerance, as in cleanlab, so that rounding does not put equal values below.
    is_confident = probabilities >= thresholds - 1e-6
    confident_class = np.where(is_confident, probabilities, -1).argmax(axis=1)
    found = np.flatnonzero(is_confident.any(axis=1) & (confident_class != labels))
    return found[np.argsort(label_probabilities[found], kind="stable")]


def find_alternative_classes(report: EvaluationReport) -> np.ndarray:
    """Find the most probable class other than the label: `(n,)` uint8."""
    others = report.probabilities.copy()
    others[np.arange(len(others)), report.labels] = -1
    return others.argmax(axis=1).astype(np.uint8)


def build_feature_analysis(
    content: bytes,
    report: EvaluationReport,
    dataset: Dataset,
    *,
    progress: ProgressCallback | None = None,
) -> FeatureAnalysis:
    """Compute the feature analysis of a report.

    Args:
        content: the model's `.tflite`.
        report: the model's predictions on the data set's test images.
        progress: called with images done and the number of images.
    Raises:
        ModelStoreError: the model has no feature layer.
    """
    extractor = FeatureExtractor(content)
    n_train = len(dataset.images_train)
    n_all = n_train + len(dataset.images_test)

    def report_progress(done: int, _: int) -> None:
        if progress is not None:
            progress(done, n_all)

    train_features = extractor.compute(dataset.images_train, progress=report_progress)
    test_features = extractor.compute(
        dataset.images_test, progress=lambda done, _: report_progress(n_train + done, n_all)
    )
    training = TrainingFeatures(
        normalise_features(train_features), dataset.labels_train.astype(np.int64)
    )
    features = normalise_features(test_features)
    alternatives = find_alternative_classes(report)
    neighbours = np.stack(
        [
            find_nearest(training, features, classes, _N_NEIGHBOURS)
            for classes in (report.labels, alternatives)
        ],
        axis=1,
    )
    rows = choose_thumbnail_rows(report)
    thumbnails, thumbnail_indices = np.unique(neighbours[rows], return_inverse=True)
    return FeatureAnalysis(
        probable_label_errors=_find_confirmed_label_errors(report, training, features),
        map=compute_pca_map(test_features).astype(np.float16),
        alternative_classes=alternatives,
        neighbours=neighbours,
        thumbnail_rows=rows,
        thumbnail_indices=thumbnail_indices.reshape(neighbours[rows].shape).astype(np.int32),
        thumbnails=dataset.images_train[thumbnails],
    )


def compute_tsne_map(
    content: bytes, images: np.ndarray, *, progress: ProgressCallback | None = None
) -> np.ndarray:
    """Embed features in two dimensions by t-SNE, after PCA to 50.

    Args:
        content: the model's `.tflite`.
        images: `(n, h, w)` or `(n, h, w, 3)` uint8.
        progress: called with steps done and the number of steps; an exception ends the fit.
    Returns:
        `(n, 2)` float32. Distances between clusters have little meaning.
    Raises:
        ModelStoreError: the model has no feature layer.
    """
    # Imported late: half a second and 100 MB that only t-SNE needs.
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    def report_progress(done: int, _: int) -> None:
        if progress is not None:
            progress(done, _N_FEATURE_STEPS + _N_TSNE_ITERATIONS)

    features = FeatureExtractor(content).compute(
        images, progress=lambda done, n: report_progress(_N_FEATURE_STEPS * done // n, n)
    )
    n_components = min(50, *features.shape)
    reduced = PCA(n_components, random_state=0).fit_transform(features)
    tsne = TSNE(
        perplexity=min(30.0, (len(images) - 1) / 3), init="pca", max_iter=_N_TSNE_ITERATIONS,
        random_state=0, n_jobs=-1, verbose=2,
    )  # fmt: skip
    with contextlib.redirect_stdout(_IterationReporter(report_progress)):
        embedded: np.ndarray = tsne.fit_transform(reduced)
    report_progress(_N_FEATURE_STEPS + _N_TSNE_ITERATIONS, 0)
    return embedded.astype(np.float32)


class _IterationReporter(io.TextIOBase):
    """Reads the iterations that t-SNE prints: scikit-learn has no callback for them."""

    def __init__(self, report: ProgressCallback) -> None:
        self._report = report

    def write(self, text: str) -> int:
        match = re.search(r"Iteration (\d+)", text)
        if match:
            self._report(_N_FEATURE_STEPS + int(match[1]), 0)
        return len(text)


def choose_evenly_spaced(n: int, limit: int) -> np.ndarray:
    """Choose at most `limit` of n indices, evenly spaced: `(min(n, limit),)` int."""
    return np.unique(np.linspace(0, n - 1, min(n, limit)).round().astype(int))


def choose_thumbnail_rows(report: EvaluationReport) -> np.ndarray:
    """Choose the test images whose neighbours' images are saved.

    Returns:
        `(m,)` int32, sorted: errors and rejections, then those with the smallest margin.
    """
    is_easy = report.is_correct & ~report.is_rejected
    order = np.lexsort((report.margins, is_easy))
    return np.sort(order[:_N_WITH_THUMBNAILS]).astype(np.int32)


def _find_confirmed_label_errors(
    report: EvaluationReport, training: TrainingFeatures, features: np.ndarray
) -> np.ndarray:
    """Probable label errors on which the nearest training images agree."""
    found = find_probable_label_errors(report.labels, report.probabilities)
    votes = count_votes(training, features[found], report.predictions[found], _N_VOTES)
    return found[votes >= _N_VOTES_REQUIRED].astype(np.int32)
