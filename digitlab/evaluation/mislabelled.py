"""Digits whose label is probably wrong, by confident learning."""

import numpy as np

# A network that is nearly always sure has thresholds so near 1 that hardly a digit reaches them.
HIGHEST_THRESHOLD = 0.8


def find_mislabelled(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
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
