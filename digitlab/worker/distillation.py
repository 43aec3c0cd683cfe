"""Distillation: a network learns from the probabilities of other networks, beside the labels.

Source: Hinton, Vinyals and Dean 2015.
"""

import numpy as np

from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import ConfigError, ModelStoreError
from digitlab.inference.deformations import N_DEFORMATIONS, deform
from digitlab.inference.reader import DigitReader
from digitlab.jobs import ProgressCallback
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.training.config import TrainConfig

# The teachers' part of each label.
TEACHER_WEIGHT = 0.5
_BATCH_SIZE = 256


def get_teachers(config: TrainConfig, *, viewer: str) -> list[StoredModel]:
    """The stored models that teach a run; none without the setting.

    Args:
        viewer: the run's owner.
    Raises:
        ConfigError: one is missing, belongs to another visitor, or has other images or classes.
    """
    spec = get_dataset_spec(config.dataset)
    teachers = []
    for model_id in config.teachers:
        try:
            model = get_model(model_id, viewer=viewer)
            reader = model.open_reader()
        except ModelStoreError as error:
            raise ConfigError(f"teacher is {model_id!r}. {error}") from error
        blank = np.zeros((1, *reader.image_shape), np.uint8)
        n_classes = reader.compute_outputs(blank).shape[1]
        if (reader.image_shape, n_classes) != (spec.image_shape, len(spec.class_names)):
            sides = "×".join(map(str, reader.image_shape))
            raise ConfigError(
                f"teacher is {model_id!r}, which reads images of {sides} pixels in {n_classes} "
                f"classes; {spec.label} has other images or classes. Choose a model that was "
                "trained on the same data set."
            )
        teachers.append(model)
    return teachers


def compute_teacher_labels(
    readers: list[DigitReader], images: np.ndarray, progress: ProgressCallback, *, are_digits: bool
) -> np.ndarray:
    """The mean probabilities of all teachers; for digits also over small deformations.

    Args:
        images: `(n, h, w, channels)` uint8; digits `(n, 28, 28, 1)`.
        progress: called with the number of images done, and of all.
    Returns:
        `(n, classes)` float32, each row sums to 1.
    """
    inputs = images[..., 0] if images.shape[3] == 1 else images
    parts = []
    for start in range(0, len(inputs), _BATCH_SIZE):
        batch = inputs[start : start + _BATCH_SIZE]
        if are_digits:
            batch = np.concatenate([deform(image) for image in batch])
        mean = np.mean([reader.compute_outputs(batch) for reader in readers], axis=0)
        parts.append(mean.reshape(-1, N_DEFORMATIONS if are_digits else 1, mean.shape[1]))
        progress(min(start + _BATCH_SIZE, len(inputs)), len(inputs))
    labels: np.ndarray = np.concatenate(parts).mean(axis=1)
    return labels
