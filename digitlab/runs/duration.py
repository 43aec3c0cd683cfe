"""How long a training run takes on this machine, before it is started. Must not import Keras."""

import os
from statistics import median

from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import RunError
from digitlab.files import load_json
from digitlab.nets.summary import compute_layer_table
from digitlab.runs.run import Run, list_runs
from digitlab.training.augmentation import plan_augmentation
from digitlab.training.config import TrainConfig

# Measured on two cores: multiplications of a prediction that training handles in a second, and
# what an image costs besides.
_MULTIPLICATIONS_PER_S = 8e9
_IMAGE_S, _AUGMENTED_IMAGE_S = 3e-5, 1.5e-4
_REFERENCE_CORES = 2
# Loading TensorFlow, reading the data, compiling, evaluating.
_OVERHEAD_S = 8.0
# With generated images: so many times the images, and the time to generate them.
_SYNTHESIS_FACTOR, _SYNTHESIS_S = 2.2, 400.0
_N_RUNS = 5


def estimate_duration_s(config: TrainConfig, slowness: float = 1.0) -> float:
    """Estimate the seconds from the start of a run to its model, without downloads.

    Args:
        slowness: from `measure_slowness`.
    """
    spec = get_dataset_spec(config.dataset)
    n_images = float(spec.n_train or spec.base_spec.n_train)
    if spec.synthesis:
        n_images *= _SYNTHESIS_FACTOR
    n_images *= (1 - config.validation_split) * config.training_fraction
    prepare_s = _SYNTHESIS_S if spec.synthesis else 0.0
    return (_OVERHEAD_S + prepare_s + config.epochs * n_images * _model_image_s(config)) * slowness


def measure_slowness() -> float:
    """How slow this machine is, by its last runs; by its cores if there are none.

    Returns:
        1 for the machine on which the constants above were measured, 2 for one half as fast.
    """
    measured: list[float] = []
    for run in list_runs():
        ratio = _measure_run(run)
        if ratio is not None:
            measured.append(ratio)
        if len(measured) == _N_RUNS:
            break
    if measured:
        return median(measured)
    return max(0.25, _REFERENCE_CORES / (os.cpu_count() or _REFERENCE_CORES))


def _model_image_s(config: TrainConfig) -> float:
    """Seconds for one training image on the reference machine."""
    spec = get_dataset_spec(config.dataset)
    n_classes = len(spec.class_names)
    table = compute_layer_table(config.net, spec.image_shape, n_classes, config.net_options)
    is_augmented = not plan_augmentation(config).is_none
    other_s = _AUGMENTED_IMAGE_S if is_augmented else _IMAGE_S
    return table.n_multiplications / _MULTIPLICATIONS_PER_S + other_s


def _measure_run(run: Run) -> float | None:
    """The actual time of a run's epochs by the modelled one; None if it has none."""
    try:
        # A run's card is read as plain JSON: the module that checks cards is above this one.
        card = load_json(run.directory / "card.json", dict)
        modelled_s = card["data"]["n_training"] * _model_image_s(run.read_config())
        seconds = [row["seconds"] for row in run.read_history()]
    except (OSError, ValueError, KeyError, TypeError, RunError):
        return None
    # The first epoch includes compiling the network.
    epochs_s = seconds[1:] or seconds
    return median(epochs_s) / modelled_s if epochs_s and modelled_s > 0 else None
