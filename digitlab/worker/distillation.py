"""Distillation: a network learns from the probabilities of other networks, beside the labels.

Source: Hinton, Vinyals and Dean 2015.
"""

import numpy as np

from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import ConfigError, ModelStoreError
from digitlab.inference.reader import DigitReader
from digitlab.jobs import ProgressCallback
from digitlab.model_store.store import get_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.training.config import TrainConfig

# The teachers' part of each label.
TEACHER_WEIGHT = 0.5
# Down and right; on validation digits their mean is better than that with rotations and scalings.
_SHIFTS_PX = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
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
    readers: list[DigitReader], images: np.ndarray, progress: ProgressCallback
) -> np.ndarray:
    """The mean probabilities of all teachers, over each image and its shifts by one pixel.

    Args:
        images: `(n, h, w, channels)` uint8.
        progress: called with the number of images done, and of all.
    Returns:
        `(n, classes)` float32, each row sums to 1.
    """
    inputs = images[..., 0] if images.shape[3] == 1 else images
    parts = []
    for start in range(0, len(inputs), _BATCH_SIZE):
        batch = inputs[start : start + _BATCH_SIZE]
        shifted = [shift_images(batch, *shift) for shift in _SHIFTS_PX]
        parts.append(
            np.mean([each.compute_outputs(one) for each in readers for one in shifted], axis=0)
        )
        progress(min(start + _BATCH_SIZE, len(inputs)), len(inputs))
    return np.concatenate(parts)


def shift_images(images: np.ndarray, down_px: int, right_px: int) -> np.ndarray:
    """Shift images by at most a pixel; the edge that comes free repeats what was there.

    Args:
        images: `(n, h, w)` or `(n, h, w, 3)`.
    """
    height, width = images.shape[1:3]
    padded = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)][: images.ndim], mode="edge")
    return padded[:, 1 - down_px : 1 - down_px + height, 1 - right_px : 1 - right_px + width]
