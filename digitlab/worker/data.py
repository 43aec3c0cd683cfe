"""The images that a run trains on and is validated with."""

import math

import keras
import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from digitlab.datasets.loading import Dataset, mask_sample
from digitlab.errors import ConfigError
from digitlab.synthesis.dataset import build_training, build_validation
from digitlab.training.augmentation import Augmentation, augment_images
from digitlab.training.config import TrainConfig

# `(n, h, w, channels)` uint8 and `(n,)` integers.
Split = tuple[np.ndarray, np.ndarray]


def split_dataset(config: TrainConfig, dataset: Dataset) -> tuple[Split, Split | None]:
    """Training and validation parts; as in Keras, the last images are for validation.

    Raises:
        ConfigError: the settings leave nothing to train on.
    """
    images, labels = dataset.images_train, dataset.labels_train
    if config.exclude_sample:
        if dataset.is_sample:
            raise ConfigError(
                "exclude_sample leaves nothing to train on: only the offline sample is here. "
                "Connect to the internet, or name a folder with mnist.npz in DIGITLAB_DATA."
            )
        keep = ~mask_sample(labels)
        images, labels = images[keep], labels[keep]
    images = images.reshape(*images.shape[:3], -1)  # (n, h, w, channels)
    n_training = len(images) - int(len(images) * config.validation_split)
    training = images[:n_training], labels[:n_training]
    if n_training == len(images):
        return training, None
    return training, (images[n_training:], labels[n_training:])


def add_synthetic_images(training: Split, validation: Split | None) -> tuple[Split, Split | None]:
    """Pen strokes and nonsense added to MNIST's digits, before anything is trained."""
    images, labels = build_training(training[0][..., 0], training[1])
    made = images[..., None], labels
    if validation is None:
        return made, None
    images, labels = build_validation(validation[0][..., 0], validation[1])
    return made, (images[..., None], labels)


def take_training_fraction(config: TrainConfig, training: Split, n_classes: int) -> Split:
    """The first images, as many as the settings want; data sets are in mixed order.

    Raises:
        ConfigError: there would be fewer images than classes.
    """
    images, labels = training
    n = round(len(images) * config.training_fraction)
    if n < n_classes:
        enough = n_classes / len(images)
        raise ConfigError(
            f"training_fraction is {config.training_fraction:g}, which leaves {n} of "
            f"{len(images):,} training "
            f"images for {n_classes} classes. Take at least {enough:.3f}."
        )
    return images[:n], labels[:n]


def compute_class_weights(config: TrainConfig, labels: np.ndarray) -> dict[int, float] | None:
    """How much an image of each class counts; None where all count the same.

    Returns:
        By class, the mean over all images being 1.
    """
    if config.class_weights == "none":
        return None
    classes = np.unique(labels)
    weights = compute_class_weight("balanced", classes=classes, y=labels)
    return {int(k): float(weight) for k, weight in zip(classes, weights, strict=True)}


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
