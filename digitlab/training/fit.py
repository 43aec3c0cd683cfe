"""Train one network as its settings say and leave the result in the run directory."""

import math
import os
import time

import keras
import numpy as np
import tensorflow as tf

from digitlab.datasets.handwriting import build_training, build_validation
from digitlab.datasets.load import Dataset, load_dataset
from digitlab.datasets.registry import get_dataset_spec
from digitlab.datasets.sample import mask_sample
from digitlab.errors import ConfigError, RunError
from digitlab.evaluation.report import evaluate_reader
from digitlab.export import export_tflite
from digitlab.nets.build import build_net
from digitlab.reader import DigitReader
from digitlab.runs import Run, RunStatus
from digitlab.shelf import get_model
from digitlab.training.batches import AugmentedBatches
from digitlab.training.calibrate import calibrate
from digitlab.training.callbacks import RunReporter
from digitlab.training.card import write_card
from digitlab.training.config import TrainConfig
from digitlab.training.head_start import copy_weights
from digitlab.training.optimizer import build_optimizer

Split = tuple[np.ndarray, np.ndarray]
_BEST_WEIGHTS = "best.weights.h5"
_EVALUATION_BATCH = 512
_REPORT_EVERY_S = 0.3


def train(run: Run) -> None:
    """Train, evaluate and export one run.

    Args:
        run: a run directory with `config.json`; all results are written into it.
    Raises:
        DigitlabError: the settings or the data are not to be used.
    """
    config = run.read_config()
    # The same settings give the same weights on the same machine.
    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()
    dataset = load_dataset(config.dataset, progress=_DownloadReporter(run))
    if dataset.refusals:
        run.write_status(
            RunStatus(state="starting", message=" ".join(dataset.refusals), pid=os.getpid())
        )
    training, validation = _split(config, dataset)
    spec = get_dataset_spec(config.dataset)
    if spec.tested_on:
        run.write_status(RunStatus(state="preparing pictures", pid=os.getpid()))
        training, validation = _make_handwriting(training, validation)
    shape, n_classes = spec.image_shape, len(spec.class_names)
    model = build_net(config.net, shape, n_classes)
    if config.start_from:
        copy_weights(get_model(config.start_from), model)
    begin = time.monotonic()
    was_stopped = _fit(model, config, run, training, validation)
    fit_s = time.monotonic() - begin
    run.write_status(RunStatus(state="evaluating", epochs=config.epochs, pid=os.getpid()))
    model.load_weights(run.directory / _BEST_WEIGHTS)
    # A fresh copy has no optimizer, which would triple the file and is of no use to who takes it.
    copy = build_net(config.net, shape, n_classes)
    copy.set_weights(model.get_weights())
    temperature = calibrate(copy, *validation) if config.calibrate and validation else None
    copy.save(run.directory / "model.keras")
    export_tflite(copy, run.directory / "model.tflite", dataset.images_test[:100])
    report = evaluate_reader(DigitReader(run.directory / "model.tflite"), dataset)
    report.save(run.directory / "report.npz")
    write_card(
        run,
        config,
        dataset,
        report,
        n_training=len(training[0]),
        fit_s=fit_s,
        temperature=temperature,
    )
    run.write_status(
        RunStatus(
            state="stopped" if was_stopped else "done",
            epoch=len(run.read_history()),
            epochs=config.epochs,
            metrics={"test_accuracy": report.accuracy},
            pid=os.getpid(),
        )
    )


class _DownloadReporter:
    """Writes how far a download is, a few times a second."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._last_write_s = 0.0

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        now = time.monotonic()
        if now - self._last_write_s < _REPORT_EVERY_S:
            return
        self._last_write_s = now
        if self._run.is_stop_requested():
            raise RunError("Stopped by you while the data was being downloaded.")
        text = f"downloading: {done_bytes / 1e6:.0f} of {total_bytes / 1e6:.0f} MB"
        self._run.write_status(RunStatus(state=text, pid=os.getpid()))


def _split(config: TrainConfig, dataset: Dataset) -> tuple[Split, Split | None]:
    """Training and validation parts; as in Keras, the last images are for validation."""
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


def _make_handwriting(training: Split, validation: Split | None) -> tuple[Split, Split | None]:
    """Pen strokes and nonsense added to MNIST's digits, before anything is trained."""
    images, labels = build_training(training[0][..., 0], training[1])
    made = images[..., None], labels
    if validation is None:
        return made, None
    images, labels = build_validation(validation[0][..., 0], validation[1])
    return made, (images[..., None], labels)


def _fit(
    model: keras.Model, config: TrainConfig, run: Run, training: Split, validation: Split | None
) -> bool:
    """Run Keras's loop; true if a person stopped it."""
    n_batches = -(-len(training[0]) // config.batch_size)
    model.compile(
        optimizer=build_optimizer(config, n_batches * config.epochs),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    reporter = RunReporter(run, config, n_batches, os.getpid())
    callbacks: list[keras.callbacks.Callback] = [reporter]
    if config.ema_momentum:
        # Before the checkpoint, which then saves the averaged weights.
        callbacks.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    callbacks += [
        keras.callbacks.CSVLogger(str(run.history_path)),
        keras.callbacks.ModelCheckpoint(
            str(run.directory / _BEST_WEIGHTS),
            monitor="val_loss" if validation else "loss",
            mode="min",
            save_best_only=True,
            save_weights_only=True,
            # Without it the first epoch would be the best even if its loss is not a number.
            initial_value_threshold=math.inf,
        ),
        keras.callbacks.TerminateOnNaN(),
    ]
    data = _feed(config, training)
    model.fit(
        **data,
        epochs=config.epochs,
        validation_data=validation,
        validation_batch_size=_EVALUATION_BATCH if validation else None,
        callbacks=callbacks,
        verbose=0,
    )
    if not (run.directory / _BEST_WEIGHTS).exists():
        raise RunError(
            "Training went astray: the loss was never a number. Choose a smaller learning rate."
        )
    return reporter.was_stopped


def _feed(config: TrainConfig, training: Split) -> dict[str, object]:
    images, labels = training
    if not config.augmentation and not config.wear:
        return {"x": images, "y": labels, "batch_size": config.batch_size, "shuffle": True}
    batches = AugmentedBatches(
        images,
        labels,
        config.batch_size,
        strength=config.augmentation,
        wear=config.wear,
        seed=config.seed,
    )
    # The batches shuffle themselves.
    return {"x": batches, "shuffle": False}
