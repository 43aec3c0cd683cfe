"""The process of a learning rate range test: `python -m digitlab.worker.lr_range_main JOB_DIR`."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from digitlab.datasets.loading import load_dataset
from digitlab.datasets.registry import get_dataset_spec
from digitlab.owners import LOCAL_OWNER
from digitlab.runs.lr_range import LrRangeJob
from digitlab.step_jobs import StepProgress, carry_out
from digitlab.training.config import TrainConfig
from digitlab.training.lr_range import N_STEPS, compute_rate, evaluate_losses, has_diverged
from digitlab.worker.data import (
    TrainingData,
    build_fit_arguments,
    split_dataset,
    take_training_fraction,
)
from digitlab.worker.model import build_model
from digitlab.worker.optimization import compile_model
from digitlab.worker.transfer import (
    fetch_imagenet_weights,
    get_source_model,
    set_initial_weights,
)


def main(directory: Path) -> int:
    """Carry out one test; the exit code is 0 on success."""
    job = LrRangeJob(directory)
    return carry_out(job, lambda progress: _test(job, progress))


def _test(job: LrRangeJob, progress: StepProgress) -> None:
    """Train some batches with a rising rate.

    Raises:
        DigitlabError: the settings or the data are unusable.
    """
    config = replace(job.read_config(), schedule="constant", frozen_epochs=0)
    keras.utils.set_random_seed(config.seed)
    dataset = load_dataset(config.dataset)
    training, _ = split_dataset(config, dataset)
    n_classes = len(get_dataset_spec(config.dataset).class_names)
    training = take_training_fraction(config, training, n_classes)
    model = build_model(config, for_training=True)
    # Whoever asks for it sees a curve, and nothing of the model.
    source = get_source_model(config, viewer=LOCAL_OWNER)
    set_initial_weights(model, config, source, fetch_imagenet_weights(config))
    compile_model(model, config, n_images=len(training[0]))
    rates, losses = [], []
    batches = _list_batches(config, TrainingData(dataset, training, None))
    for step in range(N_STEPS):
        progress(step, N_STEPS)
        rates.append(compute_rate(step))
        model.optimizer.learning_rate.assign(rates[-1])
        # Keras would return the mean over all steps.
        model.reset_metrics()
        losses.append(float(model.train_on_batch(*next(batches))[0]))
        if has_diverged(losses):
            break
    job.write_result(evaluate_losses(rates, losses))


def _list_batches(config: TrainConfig, data: TrainingData) -> Iterator[tuple[Any, Any]]:
    """Shuffled, augmented batches without end, as in `fit`."""
    arguments = build_fit_arguments(config, data, seed=config.seed)
    images = arguments["x"]
    if isinstance(images, keras.utils.PyDataset):
        while True:
            yield from (images[k] for k in range(len(images)))
            images.on_epoch_end()
    labels, random = arguments["y"], np.random.default_rng(config.seed)
    while True:
        order = random.permutation(len(images))
        for start in range(0, len(order), config.batch_size):
            rows = order[start : start + config.batch_size]
            yield images[rows], labels[rows]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
