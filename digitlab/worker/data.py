"""Prepare the images that a run trains on and is validated with."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from digitlab.datasets.loading import Dataset, load_dataset
from digitlab.datasets.registry import get_dataset_spec
from digitlab.datasets.sample import mask_sample
from digitlab.errors import ConfigError
from digitlab.model_store.stored_model import StoredModel
from digitlab.runs.taught import load_taught_digits
from digitlab.synthesis.dataset import build_training, build_validation
from digitlab.training.augmentation import Augmentation, augment_images, plan_augmentation
from digitlab.training.config import TrainConfig
from digitlab.worker.distillation import TEACHER_WEIGHT, compute_teacher_labels
from digitlab.worker.optimization import encode_labels
from digitlab.worker.reporters import DownloadReporter, PreparationReporter
from digitlab.worker.status_writer import StatusWriter
from digitlab.worker.teaching import mix_taught_digits
from digitlab.worker.transfer import compute_features

# `(n, h, w, channels)` uint8 and `(n,)` integers.
Split = tuple[np.ndarray, np.ndarray]

_VALIDATION_BATCH_SIZE = 512


@dataclass(frozen=True)
class TrainingData:
    """The data of one run.

    Attributes:
        dataset: as loaded, with the test images.
        training: images and labels to train on.
        validation: images and labels to choose the best epoch by; None without a validation split.
        teacher_labels: the teachers' probabilities for the training images, `(n, classes)`; None
            without teachers.
    """

    dataset: Dataset
    training: Split
    validation: Split | None
    teacher_labels: np.ndarray | None = None

    @property
    def n_training(self) -> int:
        """Number of training images."""
        return len(self.training[0])


def prepare_data(config: TrainConfig, status_writer: StatusWriter) -> TrainingData:
    """Load a run's data set, split it and add synthetic images, reporting each step.

    Raises:
        ConfigError: the settings leave too few training images.
        DatasetError: the data set is unavailable.
        RunStoppedError: the user stopped the run during a download.
    """
    dataset = load_dataset(config.dataset, progress=DownloadReporter(status_writer))
    status_writer.update(
        state="preparing",
        message=" ".join(dataset.load_errors),
        prepared=0.0,
        is_sample=dataset.is_sample,
    )
    training, validation = split_dataset(config, dataset)
    spec = get_dataset_spec(config.dataset)
    taught = load_taught_digits(status_writer.run.directory)
    if spec.synthesis == "handwriting" and taught is None:
        training, validation = _add_handwriting(training, validation, status_writer)
    training = take_training_fraction(config, training, len(spec.class_names))
    if taught is not None:
        n_classes = len(spec.class_names)
        training = mix_taught_digits(*training, taught, n_classes=n_classes, seed=config.seed)
    return TrainingData(dataset, training, validation)


def split_dataset(config: TrainConfig, dataset: Dataset) -> tuple[Split, Split | None]:
    """Split the training data; as in Keras, the last images are for validation.

    Raises:
        ConfigError: the settings leave nothing to train on.
    """
    images, labels = dataset.images_train, dataset.labels_train
    if config.exclude_sample:
        if dataset.is_sample:
            raise ConfigError(
                "“Exclude offline sample” leaves nothing to train on: this is the sample only. "
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


def _add_handwriting(
    training: Split, validation: Split | None, status_writer: StatusWriter
) -> tuple[Split, Split | None]:
    """Add rendered pen strokes and images that are no digit."""
    # By the number of images, nearly all are for training.
    end = 1.0 if validation is None else 0.85
    progress = PreparationReporter(status_writer, 0.0, end)
    images, labels = build_training(training[0][..., 0], training[1], progress=progress)
    extended = images[..., None], labels
    if validation is None:
        return extended, None
    progress = PreparationReporter(status_writer, end, 1.0)
    images, labels = build_validation(validation[0][..., 0], validation[1], progress=progress)
    return extended, (images[..., None], labels)


def take_training_fraction(config: TrainConfig, training: Split, n_classes: int) -> Split:
    """The first images, as many as the settings say; data sets are shuffled.

    Raises:
        ConfigError: there would be fewer images than classes.
    """
    images, labels = training
    n = round(len(images) * config.training_fraction)
    if n < n_classes:
        raise ConfigError(
            f"training_fraction is {config.training_fraction:g}, which leaves {n} of "
            f"{len(images):,} training images for {n_classes} classes. Use at least "
            f"{n_classes / len(images):.3f}."
        )
    return images[:n], labels[:n]


def replace_by_features(
    data: TrainingData, base: keras.Model, status_writer: StatusWriter
) -> TrainingData:
    """The same data with the features of a frozen base in place of the images.

    Raises:
        RunStoppedError: the user stopped the run meanwhile.
    """
    status_writer.update(message="Computing the features of the frozen base", prepared=0.0)
    n_validation = len(data.validation[0]) if data.validation else 0
    end = data.n_training / (data.n_training + n_validation)
    reporter = PreparationReporter(status_writer, 0.0, end)
    training = compute_features(base, data.training[0], reporter), data.training[1]
    validation = data.validation
    if validation is not None:
        reporter = PreparationReporter(status_writer, end, 1.0)
        validation = compute_features(base, validation[0], reporter), validation[1]
    return replace(data, training=training, validation=validation)


def add_teacher_labels(
    data: TrainingData, teachers: Sequence[StoredModel], status_writer: StatusWriter
) -> TrainingData:
    """The same data with the probabilities of the teachers; `data` itself without teachers.

    Raises:
        RunStoppedError: the user stopped the run meanwhile.
    """
    if not teachers:
        return data
    status_writer.update(message="Computing the probabilities of the teacher", prepared=0.0)
    progress = PreparationReporter(status_writer, 0.0, 1.0)
    readers = [teacher.open_reader() for teacher in teachers]
    labels = compute_teacher_labels(readers, data.training[0], progress)
    return replace(data, teacher_labels=labels)


def build_fit_arguments(config: TrainConfig, data: TrainingData, *, seed: int) -> dict[str, Any]:
    """The arguments of `model.fit` that are about data. Features are not augmented.

    Args:
        seed: of shuffling and augmentation, if images are augmented.
    """
    n_classes = len(get_dataset_spec(config.dataset).class_names)
    images, labels = data.training
    labels = encode_labels(config, labels, n_classes)
    if data.teacher_labels is not None:
        labels = (1 - TEACHER_WEIGHT) * labels + TEACHER_WEIGHT * data.teacher_labels
    arguments: dict[str, Any] = {"class_weight": compute_class_weights(config, data.training[1])}
    ranges = plan_augmentation(config)
    if ranges.is_none or images.ndim == 2:
        arguments |= {"x": images, "y": labels, "batch_size": config.batch_size}
    else:
        batches = AugmentedBatches(images, labels, config.batch_size, ranges=ranges, seed=seed)
        # The batches shuffle themselves.
        arguments |= {"x": batches, "shuffle": False}
    if data.validation:
        images, labels = data.validation
        arguments["validation_data"] = images, encode_labels(config, labels, n_classes)
        arguments["validation_batch_size"] = _VALIDATION_BATCH_SIZE
    return arguments


def compute_class_weights(config: TrainConfig, labels: np.ndarray) -> dict[int, float] | None:
    """The weight of each class in the loss; None if all are equal.

    Returns:
        Weights by class; their mean over all images is 1.
    """
    if config.class_weights == "none":
        return None
    classes = np.unique(labels)
    weights = compute_class_weight("balanced", classes=classes, y=labels)
    return {int(k): float(weight) for k, weight in zip(classes, weights, strict=True)}


class AugmentedBatches(keras.utils.PyDataset):
    """Shuffled batches of augmented images, different in every epoch.

    A whole epoch is prepared at once, which takes a twentieth of the time that it trains.
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
        """Prepare the first epoch.

        Args:
            images: `(n, h, w, channels)` uint8.
            labels: `(n,)` integers or `(n, classes)` one-hot rows.
            ranges: how far images are transformed.
        """
        super().__init__()
        self._images, self._labels, self._batch_size = images, labels, batch_size
        self._ranges = ranges
        self._random = np.random.default_rng(seed)
        self._prepare()

    def __len__(self) -> int:
        return math.ceil(len(self._images) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = slice(index * self._batch_size, (index + 1) * self._batch_size)
        return self._epoch_images[rows], self._epoch_labels[rows]

    def on_epoch_end(self) -> None:
        """Prepare the next epoch."""
        self._prepare()

    def _prepare(self) -> None:
        order = self._random.permutation(len(self._images))
        self._epoch_images = augment_images(self._images[order], self._ranges, self._random)
        self._epoch_labels = self._labels[order]
