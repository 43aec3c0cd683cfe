"""Which training digits look most alike to the network, and a map of what it sees."""

from dataclasses import dataclass

import numpy as np

_BLOCK = 512


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
