"""Settings that do no harm but make no sense either, said in sentences for people."""

from collections.abc import Callable, Iterator

from digitlab.datasets.registry import get_dataset_spec
from digitlab.training.config import TrainConfig
from digitlab.training.lr_schedules import PLATEAU_PATIENCE

_UPSIDE_DOWN_DEG = 45
_FEW_IMAGES_A_CLASS = 10


def find_config_warnings(config: TrainConfig) -> list[str]:
    """What a person who knows would ask about these settings.

    Returns:
        Complete sentences; empty where nothing is odd. Training goes ahead all the same.
    """
    return [sentence for find in _FINDERS for sentence in find(config)]


def _doubt_loss(config: TrainConfig) -> Iterator[str]:
    if config.label_smoothing and config.loss == "mse":
        yield (
            "Label smoothing belongs to cross-entropy; with the mean squared error it is not used."
        )
    if config.momentum is not None and config.optimizer not in ("sgd", "momentum"):
        yield (
            f"Momentum is set, but {config.optimizer} has its own and does not use it. "
            "Choose sgd or momentum as the optimizer."
        )
    if config.momentum == 0 and config.optimizer == "momentum":
        yield "With a momentum of 0, the optimizer momentum is plain sgd."


def _doubt_schedule(config: TrainConfig) -> Iterator[str]:
    if config.schedule == "plateau":
        if config.epochs <= PLATEAU_PATIENCE + 1:
            yield (
                f"The plateau schedule waits {PLATEAU_PATIENCE} epochs for a better loss: with "
                f"{config.epochs} in all, the learning rate stays as it is."
            )
        elif 0 < config.early_stopping <= PLATEAU_PATIENCE:
            yield (
                f"Early stopping after {config.early_stopping} epochs ends the run before the "
                "plateau schedule lowers the learning rate. Choose more patience."
            )
    if config.schedule in ("cosine", "one_cycle") and config.early_stopping:
        yield (
            f"The {config.schedule} schedule learns most in its last epochs, when the rate is low: "
            "early stopping may end the run before them."
        )


def _doubt_validation(config: TrainConfig) -> Iterator[str]:
    if config.early_stopping >= config.epochs:
        yield (
            f"Early stopping waits {config.early_stopping} epochs, and there are only "
            f"{config.epochs}: it cannot act."
        )
    if config.validation_split:
        return
    if config.early_stopping:
        yield (
            "Early stopping without validation data watches the training loss, which falls even "
            "while the network learns by heart. Keep back a validation split, 0.1 for example."
        )
    if config.schedule == "plateau":
        yield (
            "The plateau schedule without validation data watches the training loss. "
            "Keep back a validation split, 0.1 for example."
        )


def _doubt_augmentation(config: TrainConfig) -> Iterator[str]:
    has_photos = len(get_dataset_spec(config.dataset).image_shape) == 3
    has_digits = get_dataset_spec(config.dataset).is_digits
    if config.flip and has_digits:
        yield "A digit in the mirror is no digit (or another one): flipping is meant for photos."
    if (config.rotation_deg or 0) > _UPSIDE_DOWN_DEG and has_digits:
        yield (
            f"Turned by up to {config.rotation_deg:g} degrees, a 6 becomes a 9. Digits bear 10 to "
            "20 degrees."
        )
    if has_photos and (config.elastic or (config.augmentation and config.elastic is None)):
        yield "Smooth bends suit handwriting; photos look strange with them. Set elastic to 0."


def _doubt_amount(config: TrainConfig) -> Iterator[str]:
    spec = get_dataset_spec(config.dataset)
    # A set that is made from another has no count of its own.
    n_images = spec.n_train or spec.base_spec.n_train
    n_training = n_images * (1 - config.validation_split) * config.training_fraction
    if n_training < _FEW_IMAGES_A_CLASS * len(spec.class_names):
        yield (
            f"About {n_training:.0f} images are few for {len(spec.class_names)} classes: "
            "expect a network that learns them by heart."
        )
    if config.batch_size > n_training:
        yield (
            f"A batch of {config.batch_size} holds all of the about {n_training:.0f} training "
            "images: each epoch is a single step."
        )


def _doubt_penalties(config: TrainConfig) -> Iterator[str]:
    if config.l2 and config.weight_decay:
        yield "L2 and weight decay do nearly the same; one of them is enough."
    if config.l1 > 0.01 or config.l2 > 0.1:
        yield (
            f"Penalties of L1 {config.l1:g} and L2 {config.l2:g} are strong enough to keep the "
            "network from learning at all; 0.0001 to 0.001 is usual."
        )
    if config.optimizer == "adamw" and not config.weight_decay:
        yield "AdamW without weight decay is Adam. Set weight decay, 0.001 for example."


_FINDERS: tuple[Callable[[TrainConfig], Iterator[str]], ...] = (
    _doubt_loss, _doubt_schedule, _doubt_validation, _doubt_augmentation, _doubt_amount,
    _doubt_penalties,
)  # fmt: skip
