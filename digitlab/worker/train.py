"""Train one network as its settings say and leave the result in the run directory."""

import time
from dataclasses import replace

import keras
import tensorflow as tf

from digitlab.datasets.loading import load_dataset
from digitlab.datasets.registry import get_dataset_spec
from digitlab.datasets.sources import format_download_progress
from digitlab.errors import RunError
from digitlab.evaluation.report import evaluate_reader
from digitlab.inference.reader import DigitReader
from digitlab.model_store.store import get_model
from digitlab.training.augmentation import plan_augmentation
from digitlab.training.config import TrainConfig
from digitlab.worker.callbacks import RunDirectoryCallback, UserDigitsCallback
from digitlab.worker.checkpoint import (
    CheckpointCallback,
    build_best_weights_callbacks,
    find_best_weights,
    restore_checkpoint,
)
from digitlab.worker.data import (
    AugmentedBatches,
    Split,
    add_synthetic_images,
    compute_class_weights,
    split_dataset,
    take_training_fraction,
)
from digitlab.worker.export import calibrate, export_tflite
from digitlab.worker.model import build_net, transfer_weights
from digitlab.worker.model_card import write_model_card
from digitlab.worker.optimization import (
    build_loss,
    build_metric,
    build_optimizer,
    build_schedule_callbacks,
    choose_steps_per_execution,
    encode_labels,
)
from digitlab.worker.status_writer import StatusWriter
from digitlab.worker.trackers import Tracker, build_trackers, track_run

_EVALUATION_BATCH = 512
_REPORT_EVERY_S = 0.3
# Any number that makes the seeds of a resumption unlike those of the epochs before.
_SEED_STEP = 7919


def train(progress: StatusWriter) -> None:
    """Train, evaluate and export one run, or go on with it.

    Args:
        progress: of a run directory with `config.json`; all results are written into it.
    Raises:
        DigitlabError: the settings, the data or the saved states are not to be used.
    """
    config = progress.run.read_config()
    with track_run(progress, config) as tracker:
        _train(progress, config, tracker)


def _train(progress: StatusWriter, config: TrainConfig, tracker: Tracker) -> None:
    run = progress.run
    # The same settings give the same weights on the same machine.
    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()
    dataset = load_dataset(config.dataset, progress=_DownloadReporter(progress))
    progress.update(state="starting", message=" ".join(dataset.load_errors))
    training, validation = split_dataset(config, dataset)
    spec = get_dataset_spec(config.dataset)
    if spec.synthesis:
        progress.update(state="preparing")
        training, validation = add_synthetic_images(training, validation)
    shape, n_classes = spec.image_shape, len(spec.class_names)
    training = take_training_fraction(config, training, n_classes)
    model = build_net(config.net, shape, n_classes, config.net_options)
    source = get_model(config.init_from) if config.init_from else None
    if source:
        transfer_weights(source, model)
    was_stopped = _fit(
        model, config, progress, training, validation, more=build_trackers(run, tracker)
    )
    progress.heartbeat.progress("evaluation")
    progress.update(state="evaluating", message="", eta_s=-1.0)
    model.load_weights(find_best_weights(run))
    # A fresh copy has no optimizer, which would triple the file and is of no use to who takes it.
    copy = build_net(config.net, shape, n_classes, config.net_options)
    copy.set_weights(model.get_weights())
    temperature = calibrate(copy, *validation) if config.calibrate and validation else None
    copy.save(run.directory / "model.keras")
    export_tflite(copy, run.directory / "model.tflite", dataset.images_test[:100])
    report = evaluate_reader(DigitReader(run.directory / "model.tflite"), dataset)
    report.save(run.directory / "report.npz")
    write_model_card(
        run,
        config,
        dataset,
        report,
        source=source,
        n_parameters=copy.count_params(),
        n_training=len(training[0]),
        temperature=temperature,
        export_notes=[],
    )
    tracker.log_result(test_accuracy=report.accuracy)
    progress.update(
        state="stopped" if was_stopped else "done",
        epoch=len(run.read_history()),
        batch=0,
        metrics={"test_accuracy": report.accuracy},
    )


class _DownloadReporter:
    """Writes how far a download is, a few times a second."""

    def __init__(self, progress: StatusWriter) -> None:
        self._progress = progress
        self._last_write_s = 0.0

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        now = time.monotonic()
        if now - self._last_write_s < _REPORT_EVERY_S:
            return
        self._last_write_s = now
        self._progress.heartbeat.progress("download")
        if self._progress.run.is_stop_requested():
            raise RunError("Stopped by you while the data was being downloaded.")
        self._progress.update(
            state="downloading", message=format_download_progress(done_bytes, total_bytes)
        )


def _fit(
    model: keras.Model,
    config: TrainConfig,
    progress: StatusWriter,
    training: Split,
    validation: Split | None,
    *,
    more: list[keras.callbacks.Callback],
) -> bool:
    """Run Keras's loop; true if a person stopped it."""
    run = progress.run
    n_images = len(training[0])
    # The learning rate takes its course over the epochs planned at first; epochs added by a
    # resumption go on at its end, or the loss would jump.
    n_batches = -(-n_images // config.batch_size)
    model.compile(
        optimizer=build_optimizer(config, n_batches * config.epochs),
        loss=build_loss(config),
        metrics=[build_metric(config)],
        steps_per_execution=choose_steps_per_execution(config, n_batches),
    )
    # Or Keras builds it within the first trace of the training step, and TensorFlow traces twice:
    # a second more until the first figures.
    model.optimizer.build(model.trainable_variables)
    first_epoch = restore_checkpoint(model, progress)
    config = _reseed(config, first_epoch)
    epochs = run.read_meta().epochs or config.epochs
    reporter = RunDirectoryCallback(
        progress, epochs=epochs, n_images=n_images, batch_size=config.batch_size
    )
    callbacks: list[keras.callbacks.Callback] = [
        reporter,
        keras.callbacks.CSVLogger(str(run.history_path), append=True),
        CheckpointCallback(run),
    ]
    if config.ema_momentum:
        # Before the best are kept, which are the averaged weights then.
        callbacks.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    monitor = "val_loss" if validation else "loss"
    callbacks += build_best_weights_callbacks(run, monitor=monitor)
    callbacks += build_schedule_callbacks(config, run, monitor=monitor)
    callbacks += [UserDigitsCallback(run), keras.callbacks.TerminateOnNaN(), *more]
    n_classes = model.output_shape[-1]
    model.fit(
        **_feed(config, training, n_classes),
        epochs=epochs,
        initial_epoch=first_epoch,
        class_weight=compute_class_weights(config, training[1]),
        validation_data=_encode(config, validation, n_classes) if validation else None,
        validation_batch_size=_EVALUATION_BATCH if validation else None,
        callbacks=callbacks,
        verbose=0,
    )
    if not find_best_weights(run).exists():
        raise RunError(
            "Training went astray: the loss was never a number. Choose a smaller learning rate."
        )
    return reporter.was_stopped


def _reseed(config: TrainConfig, first_epoch: int) -> TrainConfig:
    """Other random numbers than in the epochs before, so that a resumption repeats none."""
    if not first_epoch:
        return config
    seed = (config.seed + _SEED_STEP * first_epoch) % 2**31
    keras.utils.set_random_seed(seed)
    return replace(config, seed=seed)


def _encode(config: TrainConfig, split: Split, n_classes: int) -> Split:
    return split[0], encode_labels(config, split[1], n_classes)


def _feed(config: TrainConfig, training: Split, n_classes: int) -> dict[str, object]:
    images, labels = _encode(config, training, n_classes)
    ranges = plan_augmentation(config)
    if ranges.is_none:
        return {"x": images, "y": labels, "batch_size": config.batch_size, "shuffle": True}
    batches = AugmentedBatches(images, labels, config.batch_size, ranges=ranges, seed=config.seed)
    # The batches shuffle themselves.
    return {"x": batches, "shuffle": False}
