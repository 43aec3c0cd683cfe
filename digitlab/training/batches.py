"""Training images as Keras wants them, changed anew each epoch where that is asked for."""

import math

import keras
import numpy as np

from digitlab.training.augment import augment_images
from digitlab.training.wear import wear_images


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
        strength: float,
        wear: float = 0.0,
        seed: int,
    ) -> None:
        """Take the training set.

        Args:
            images: `(n, h, w, channels)` uint8.
            labels: `(n,)` integers.
            strength: of the augmentation.
            wear: share of the images whose pen and sharpness are changed.
        """
        super().__init__()
        self._images, self._labels, self._batch_size = images, labels, batch_size
        self._strength, self._wear = strength, wear
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
        images = self._images[order]
        if self._wear:
            images = wear_images(images, self._wear, self._random)
        self._epoch_images = augment_images(images, self._strength, self._random)
        self._epoch_labels = self._labels[order]
