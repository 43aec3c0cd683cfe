"""Find out what takes longer: neighbours, map, mislabelled digits, robustness."""

from collections.abc import Callable

import numpy as np

from digitlab.datasets.load import Dataset
from digitlab.errors import ShelfError
from digitlab.evaluation.features import FeatureReader
from digitlab.evaluation.insight import Insight
from digitlab.evaluation.mislabelled import find_mislabelled
from digitlab.evaluation.neighbours import (
    TrainingFeatures,
    compute_principal_map,
    count_votes,
    find_nearest,
    normalise_features,
)
from digitlab.evaluation.report import EvaluationReport

Progress = Callable[[int, int], None]
_K_NEAREST = 4
# Of so many digits the neighbours' pictures are kept in the report: all mistakes of a good network.
_N_WITH_PICTURES = 250
# A second opinion on a label: of the ten nearest training digits so many must agree.
_K_VOTES, _VOTES_NEEDED = 10, 8


def build_insight(
    content: bytes,
    report: EvaluationReport,
    dataset: Dataset,
    *,
    progress: Progress | None = None,
) -> Insight:
    """Compute a report's insight.

    Args:
        content: the model's `.tflite`.
        report: its answers on the data set's test images.
        progress: called with images done and images in all.
    Raises:
        ShelfError: the model has no features to look at.
    """
    reader = FeatureReader(content)
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
    return Insight(
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
        ShelfError: the model has no features to look at.
    """
    # Half a second and a hundred megabytes, which only this needs.
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    features = FeatureReader(content).compute(images, progress=progress)
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
        ShelfError: they have colours.
    """
    if images.ndim != 3:
        raise ShelfError(
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
    found = find_mislabelled(report.labels, report.probabilities)
    votes = count_votes(training, features[found], report.predictions[found], _K_VOTES)
    return found[votes >= _VOTES_NEEDED].astype(np.int32)
