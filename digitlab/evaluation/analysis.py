"""Find out what takes longer: neighbours, map, mislabelled digits, robustness."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from digitlab.datasets.loading import Dataset
from digitlab.errors import ModelStoreError
from digitlab.evaluation.report import EvaluationReport, FeatureAnalysis
from digitlab.inference.activations import FeatureExtractor

_BLOCK = 512

# A network that is nearly always sure has thresholds so near 1 that hardly a digit reaches them.
HIGHEST_THRESHOLD = 0.8

Progress = Callable[[int, int], None]
_K_NEAREST = 4
# Of so many digits the neighbours' pictures are kept in the report: all mistakes of a good network.
_N_WITH_PICTURES = 250
# A second opinion on a label: of the ten nearest training digits so many must agree.
_K_VOTES, _VOTES_NEEDED = 10, 8


@dataclass(frozen=True)
class TrainingFeatures:
    """A training set as the network sees it.

    Attributes:
        features: `(n, features)` float32 of length 1.
        labels: `(n,)` integers.
    """

    features: np.ndarray
    labels: np.ndarray


def normalise_features(features: np.ndarray) -> np.ndarray:
    """Each row brought to length 1, so that products of rows are cosines."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    return (features / np.maximum(lengths, 1e-12)).astype(np.float32)


def find_nearest(
    training: TrainingFeatures, features: np.ndarray, classes: np.ndarray, k: int
) -> np.ndarray:
    """For each digit the most similar training digits of one class.

    Args:
        features: `(n, features)` of length 1.
        classes: `(n,)`, of which class each digit's neighbours shall be.
        k: how many; every class has at least so many training digits.
    Returns:
        `(n, k)` int32, places in the training set, the nearest first.
    """
    nearest = np.zeros((len(features), k), np.int32)
    for digit in np.unique(classes):
        rows = np.flatnonzero(classes == digit)
        places = np.flatnonzero(training.labels == digit)
        candidates = training.features[places]
        for start in range(0, len(rows), _BLOCK):
            block = rows[start : start + _BLOCK]
            nearest[block] = places[_find_top(features[block] @ candidates.T, k)]
    return nearest


def count_votes(
    training: TrainingFeatures, features: np.ndarray, classes: np.ndarray, k: int
) -> np.ndarray:
    """How many of the k nearest training digits, of all classes, are of the class named.

    Args:
        features: `(n, features)` of length 1, few.
        classes: `(n,)`.
    Returns:
        `(n,)` int, 0 to k.
    """
    if not len(features):
        return np.zeros(0, int)
    nearest = _find_top(features @ training.features.T, k)
    return (training.labels[nearest] == classes[:, None]).sum(axis=1)


def compute_principal_map(features: np.ndarray) -> np.ndarray:
    """Features on their two axes of largest variance (PCA).

    Args:
        features: `(n, features)`.
    Returns:
        `(n, 2)` float32. The sign of each axis is fixed by its largest loading.
    """
    centred = features - features.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, :2]
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])
    return (centred @ (axes * signs)).astype(np.float32)


def _find_top(similarity: np.ndarray, k: int) -> np.ndarray:
    """The k largest of each row, the largest first."""
    top = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(similarity, top, axis=1), axis=1, kind="stable")
    return np.take_along_axis(top, order, axis=1)


def find_probable_label_errors(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Digits that are probably something else than their label says.

    A class's threshold is the mean probability of that class over the digits that bear its label,
    at most `HIGHEST_THRESHOLD`.
    A digit is suspicious if some other class than its label is above its threshold there and is
    the most probable of all that are. The less probable its label, the more suspicious it is.

    Args:
        labels: `(n,)` integers.
        probabilities: `(n, classes)`, of a network that has not learned these digits.
    Returns:
        `(m,)` int64, places of the suspicious digits, the most suspicious first.
    Source: Northcutt, Jiang and Chuang 2021, "Confident Learning", section 3.1; this is what
        cleanlab's `find_label_issues` does with `filter_by="confident_learning"`. The upper limit
        of the thresholds is ours.
    """
    n_classes = probabilities.shape[1]
    rows = np.arange(len(labels))
    own = probabilities[rows, labels]
    thresholds = np.full(n_classes, np.inf)
    for k in np.unique(labels):
        thresholds[k] = min(own[labels == k].mean(), HIGHEST_THRESHOLD)
    # With a little room as in cleanlab, so that equal numbers do not fall below themselves.
    is_confident = probabilities >= thresholds - 1e-6
    best = np.where(is_confident, probabilities, -1).argmax(axis=1)
    is_suspicious = is_confident.any(axis=1) & (best != labels)
    found = np.flatnonzero(is_suspicious)
    return found[np.argsort(own[found], kind="stable")]


def build_feature_analysis(
    content: bytes,
    report: EvaluationReport,
    dataset: Dataset,
    *,
    progress: Progress | None = None,
) -> FeatureAnalysis:
    """Compute a report's insight.

    Args:
        content: the model's `.tflite`.
        report: its answers on the data set's test images.
        progress: called with images done and images in all.
    Raises:
        ModelStoreError: the model has no features to look at.
    """
    reader = FeatureExtractor(content)
    n_train = len(dataset.images_train)
    n_all = n_train + len(dataset.images_test)

    def report_progress(done: int, _: int) -> None:
        if progress is not None:
            progress(done, n_all)

    learned = reader.compute(dataset.images_train, progress=report_progress)
    raw = reader.compute(
        dataset.images_test, progress=lambda done, _: report_progress(n_train + done, n_all)
    )
    training = TrainingFeatures(normalise_features(learned), dataset.labels_train.astype(np.int64))
    features = normalise_features(raw)
    rivals = find_rivals(report)
    nearest = np.stack(
        [
            find_nearest(training, features, classes, _K_NEAREST)
            for classes in (report.labels, rivals)
        ],
        axis=1,
    )
    rows = _choose_rows(report)
    shown, pictures = np.unique(nearest[rows], return_inverse=True)
    return FeatureAnalysis(
        suspects=_find_suspects(report, training, features),
        map=compute_principal_map(raw).astype(np.float16),
        rivals=rivals,
        neighbours=nearest,
        picture_rows=rows,
        pictures=pictures.reshape(nearest[rows].shape).astype(np.int32),
        thumbnails=dataset.images_train[shown],
    )


def compute_tsne_map(
    content: bytes, images: np.ndarray, *, progress: Progress | None = None
) -> np.ndarray:
    """Features as t-SNE lays them out: alike stays together, distances between groups mean little.

    Args:
        content: the model's `.tflite`.
        images: `(n, h, w)` or `(n, h, w, 3)` uint8.
    Returns:
        `(n, 2)` float32.
    Raises:
        ModelStoreError: the model has no features to look at.
    """
    # Half a second and a hundred megabytes, which only this needs.
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    features = FeatureExtractor(content).compute(images, progress=progress)
    n_axes = min(50, *features.shape)
    reduced = PCA(n_axes, random_state=0).fit_transform(features)
    perplexity = min(30.0, (len(images) - 1) / 3)
    laid_out: np.ndarray = TSNE(
        perplexity=perplexity, init="pca", random_state=0, n_jobs=-1
    ).fit_transform(reduced)
    return laid_out.astype(np.float32)


def choose_evenly(n: int, wanted: int) -> np.ndarray:
    """Places of so many of n digits, evenly spread: `(min(n, wanted),)` int."""
    return np.unique(np.linspace(0, n - 1, min(n, wanted)).round().astype(int))


def require_grey(images: np.ndarray) -> None:
    """Refuse pictures that cannot be corrupted as digits are.

    Raises:
        ModelStoreError: they have colours.
    """
    if images.ndim != 3:
        raise ModelStoreError(
            "Robustness is measured on grey pictures, and this model reads colours. "
            "Choose a model for digits."
        )


def find_rivals(report: EvaluationReport) -> np.ndarray:
    """The class each digit was most nearly taken for beside its own: `(n,)` uint8."""
    others = report.probabilities.copy()
    others[np.arange(len(others)), report.labels] = -1
    return others.argmax(axis=1).astype(np.uint8)


def _choose_rows(report: EvaluationReport) -> np.ndarray:
    """The mistakes and refusals first, then the closest calls; sorted places."""
    is_easy = report.is_right & ~report.is_refused
    order = np.lexsort((report.margins, is_easy))
    return np.sort(order[:_N_WITH_PICTURES]).astype(np.int32)


def _find_suspects(
    report: EvaluationReport, training: TrainingFeatures, features: np.ndarray
) -> np.ndarray:
    """Where the network is sure of another class and the training digits most alike agree."""
    found = find_probable_label_errors(report.labels, report.probabilities)
    votes = count_votes(training, features[found], report.predictions[found], _K_VOTES)
    return found[votes >= _VOTES_NEEDED].astype(np.int32)
