"""Training images as Keras wants them, changed anew each epoch where that is asked for."""

import math

import keras
import numpy as np

from digitlab.training.augment import Augmentation, augment_images


class AugmentedBatches(keras.utils.PyDataset):
    """Shuffled batches; every epoch sees other turns, shifts and bends of the same images.

    The whole epoch is prepared at once: that takes a twentieth of the time the epoch trains.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        batch_size: int,
        *,
        ranges: Augmentation,
        seed: int,
    ) -> None:
        """Take the training set.

        Args:
            images: `(n, h, w, channels)` uint8.
            labels: `(n,)` integers or `(n, classes)` shares.
            ranges: how far images are changed.
        """
        super().__init__()
        self._images, self._labels, self._batch_size = images, labels, batch_size
        self._ranges = ranges
        self._random = np.random.default_rng(seed)
        self._prepare()

    def __len__(self) -> int:
        return math.ceil(len(self._images) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        part = slice(index * self._batch_size, (index + 1) * self._batch_size)
        return self._epoch_images[part], self._epoch_labels[part]

    def on_epoch_end(self) -> None:
        """Prepare the next epoch."""
        self._prepare()

    def _prepare(self) -> None:
        order = self._random.permutation(len(self._images))
        self._epoch_images = augment_images(self._images[order], self._ranges, self._random)
        self._epoch_labels = self._labels[order]
