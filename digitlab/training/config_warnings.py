"""Valid settings that are probably mistakes."""

from collections.abc import Callable, Iterator

from digitlab.datasets.registry import get_dataset_spec
from digitlab.quantities import format_count
from digitlab.training.config import TrainConfig
from digitlab.training.losses import LOSSES
from digitlab.training.lr_schedules import LR_SCHEDULES, PLATEAU_PATIENCE
from digitlab.training.optimizers import OPTIMIZERS

_MAX_DIGIT_ROTATION_DEG = 45
_MIN_IMAGES_PER_CLASS = 10


def find_config_warnings(config: TrainConfig) -> list[str]:
    """Find settings that have no effect, work against each other, or are unlikely to help.

    Returns:
        Complete sentences; empty if there are none. The run can still be started.
    """
    return [sentence for find in _FINDERS for sentence in find(config)]


def _check_loss(config: TrainConfig) -> Iterator[str]:
    loss = LOSSES[config.loss]
    if config.label_smoothing and not loss.supports_label_smoothing:
        yield f"Label smoothing has no effect with this loss ({loss.label})."


def _check_optimizer(config: TrainConfig) -> Iterator[str]:
    optimizer = OPTIMIZERS[config.optimizer]
    if config.momentum is not None and not optimizer.uses_momentum:
        others = " or ".join(spec.label for spec in OPTIMIZERS.values() if spec.uses_momentum)
        yield f"{optimizer.label} ignores the momentum setting. Choose {others} to use it."
    if config.momentum == 0 and optimizer.without_momentum:
        other = OPTIMIZERS[optimizer.without_momentum].label
        yield f"{optimizer.label} is the same as {other} when momentum is 0."
    if not config.weight_decay and optimizer.without_weight_decay:
        other = OPTIMIZERS[optimizer.without_weight_decay].label
        yield (
            f"{optimizer.label} is the same as {other} when weight decay is 0. "
            "Set weight decay, 0.001 for example."
        )


def _check_schedule(config: TrainConfig) -> Iterator[str]:
    schedule = LR_SCHEDULES[config.schedule]
    if schedule.monitors_loss:
        if config.epochs <= PLATEAU_PATIENCE + 1:
            yield (
                f"The schedule {schedule.label} acts after {PLATEAU_PATIENCE} epochs without "
                f"improvement. With {config.epochs} in all, the learning rate never changes."
            )
        elif 0 < config.early_stopping <= PLATEAU_PATIENCE:
            yield (
                "Early stopping ends the run before the learning rate is reduced: set a patience "
                f"above {PLATEAU_PATIENCE}."
            )
    if schedule.needs_last_epochs and config.early_stopping:
        yield (
            f"The schedule {schedule.label} gains most in the last epochs, when the learning rate "
            "is low. Early stopping may end the run before them."
        )


def _check_validation(config: TrainConfig) -> Iterator[str]:
    if config.early_stopping >= config.epochs:
        yield (
            f"Early stopping has no effect: its patience is {config.early_stopping} and the run "
            f"has {format_count(config.epochs, 'epoch')}."
        )
    if config.validation_split:
        return
    if config.early_stopping:
        yield (
            "Early stopping without validation data monitors the training loss, which also falls "
            "while the network overfits. Set a validation split, 0.1 for example."
        )
    if LR_SCHEDULES[config.schedule].monitors_loss:
        yield (
            f"Without validation data the schedule {LR_SCHEDULES[config.schedule].label} monitors "
            "the training loss. Set a validation split, 0.1 for example."
        )


def _check_augmentation(config: TrainConfig) -> Iterator[str]:
    spec = get_dataset_spec(config.dataset)
    has_photos = len(spec.image_shape) == 3
    if config.flip and spec.is_digits:
        yield "A mirrored digit is no longer that digit. Horizontal flip is for photos."
    if (config.rotation_deg or 0) > _MAX_DIGIT_ROTATION_DEG and spec.is_digits:
        yield (
            f"Rotated by up to {config.rotation_deg:g} degrees, a 6 may become a 9. Digits "
            "tolerate 10 to 20 degrees."
        )
    if has_photos and (config.elastic or (config.augmentation and config.elastic is None)):
        yield "Elastic deformation distorts photos: set it to 0."


def _check_size(config: TrainConfig) -> Iterator[str]:
    spec = get_dataset_spec(config.dataset)
    # A data set that is generated from another has no count of its own.
    n_images = spec.n_train or spec.base_spec.n_train
    n_training = n_images * (1 - config.validation_split) * config.training_fraction
    if n_training < _MIN_IMAGES_PER_CLASS * len(spec.class_names):
        yield (
            f"About {n_training:.0f} images are few for {len(spec.class_names)} classes: expect "
            "overfitting."
        )
    if config.batch_size > n_training:
        yield (
            f"A batch of {config.batch_size} holds all training images (about {n_training:.0f}): "
            "each epoch is a single step."
        )


def _check_penalties(config: TrainConfig) -> Iterator[str]:
    if config.l2 and config.weight_decay:
        yield "L2 and weight decay have nearly the same effect; one of them is enough."
    if config.l1 > 0.01 or config.l2 > 0.1:
        yield (
            f"With L1 {config.l1:g} and L2 {config.l2:g} the network may not learn at all; 0.0001 "
            "to 0.001 is common."
        )


_FINDERS: tuple[Callable[[TrainConfig], Iterator[str]], ...] = (
    _check_loss, _check_optimizer, _check_schedule, _check_validation, _check_augmentation,
    _check_size, _check_penalties,
)  # fmt: skip
