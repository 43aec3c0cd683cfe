"""Train one network as its settings say and write the result into the run directory."""

import math

import keras
import tensorflow as tf

from digitlab.errors import RunError, RunStoppedError
from digitlab.runs.checkpoints import find_checkpoint
from digitlab.runs.taught import load_taught_digits
from digitlab.training.config import TrainConfig
from digitlab.training.phases import list_phases
from digitlab.worker.callbacks import StopTraining, build_callbacks
from digitlab.worker.checkpoint import find_best_weights, restore_checkpoint
from digitlab.worker.data import (
    TrainingData,
    add_teacher_labels,
    build_fit_arguments,
    prepare_data,
    replace_by_features,
)
from digitlab.worker.distillation import get_teachers
from digitlab.worker.export import (
    evaluate_export,
    export_model,
    open_export,
    scale_temperature,
)
from digitlab.worker.model import build_model
from digitlab.worker.model_card import write_model_card
from digitlab.worker.optimization import compile_model
from digitlab.worker.reporters import DownloadReporter
from digitlab.worker.status_writer import StatusWriter
from digitlab.worker.teaching import describe_teaching, save_taught_model
from digitlab.worker.trackers import Tracker, track_run
from digitlab.worker.transfer import (
    fetch_imagenet_weights,
    get_source_model,
    set_initial_weights,
    split_model,
)

# Arbitrary offset, so that resumed epochs use different seeds.
_SEED_STEP = 7919


def train(status_writer: StatusWriter) -> None:
    """Train, evaluate and export one run, or resume it.

    Nothing is left behind in the process: it can carry out another run afterwards.

    Args:
        status_writer: of a run directory with `config.json`; all results are written into it.
    Raises:
        DigitlabError: the settings, the data or the checkpoints are unusable.
    """
    run = status_writer.run
    config = run.read_config()
    with track_run(status_writer, config) as tracker:
        try:
            _train(status_writer, config, tracker)
        except RunStoppedError as error:
            state = "stopped" if find_checkpoint(run) else "cancelled"
            status_writer.update(state=state, message=str(error), eta_s=-1.0)


def _train(status_writer: StatusWriter, config: TrainConfig, tracker: Tracker) -> None:
    run = status_writer.run
    # A missing model is reported at once, not after minutes of preparing data.
    source = get_source_model(config, viewer=run.owner)
    teachers = get_teachers(config, viewer=run.owner)
    weights = fetch_imagenet_weights(config, DownloadReporter(status_writer))
    # The same settings give the same weights on the same machine, whatever ran here before.
    keras.backend.clear_session()
    keras.utils.set_random_seed(config.seed)
    tf.config.experimental.enable_op_determinism()

    status_writer.heartbeat.progress("data")
    data = add_teacher_labels(prepare_data(config, status_writer), teachers, status_writer)
    status_writer.heartbeat.progress("compile")
    model = build_model(config, for_training=True)
    set_initial_weights(model, config, source, weights)
    was_stopped = _fit(model, config, data, status_writer, tracker)

    _check_result(status_writer, was_stopped=was_stopped)
    if not run.read_meta().is_tested:
        # A trial of a study: the test set stays unseen.
        state = "stopped" if was_stopped else "done"
        status_writer.update(state=state, epoch=len(run.read_history()), batch=0)
        return
    status_writer.heartbeat.progress("evaluation")
    status_writer.update(state="evaluating", message="", eta_s=-1.0)
    model.load_weights(find_best_weights(run))
    # A new copy has no optimizer, whose state would triple the size of the file.
    exported = build_model(config)
    exported.set_weights(model.get_weights())
    temperature = None
    if config.calibrate and data.validation:
        temperature = scale_temperature(exported, *data.validation)
    export_model(exported, run.directory, data.dataset.images_test)
    report = evaluate_export(run.directory, data.dataset, config)
    write_model_card(
        run,
        config,
        data.dataset,
        report,
        source=source,
        teachers=teachers,
        n_parameters=exported.count_params(),
        n_training=data.n_training,
        temperature=temperature,
    )
    taught = load_taught_digits(run.directory)
    if taught is not None and source is not None:
        reader = open_export(run.directory, config)
        status_writer.add_note(describe_teaching(taught, source, reader, data.dataset, report))
        if not was_stopped:
            status_writer.add_note(save_taught_model(run))
    tracker.log_result(test_accuracy=report.accuracy)
    status_writer.update(
        state="stopped" if was_stopped else "done",
        epoch=len(run.read_history()),
        batch=0,
        metrics={"test_accuracy": report.accuracy},
    )


def _fit(
    model: keras.Model,
    config: TrainConfig,
    data: TrainingData,
    status_writer: StatusWriter,
    tracker: Tracker,
) -> bool:
    """Train all phases, from the last checkpoint; whether the user stopped the run."""
    epochs = status_writer.run.read_meta().epochs or config.epochs
    base, head = split_model(model) if config.frozen_epochs else (model, model)
    phases = [(phase, head if phase.is_frozen else model) for phase in list_phases(config, epochs)]
    for phase, trained in phases:
        compile_model(trained, phase.config, n_images=data.n_training)
    first_epoch = restore_checkpoint(
        lambda n: next(trained for phase, trained in phases if n <= phase.end), status_writer
    )
    seed = (config.seed + _SEED_STEP * first_epoch) % 2**31
    if first_epoch:
        # Otherwise the resumed epochs would repeat the shuffling and augmentation of the first.
        keras.utils.set_random_seed(seed)
    for phase, trained in phases:
        if phase.end <= first_epoch and phase.end < epochs:
            continue
        phase_data = data
        if phase.is_frozen:
            phase_data = replace_by_features(data, base, status_writer)
        callbacks = build_callbacks(
            trained,
            phase,
            status_writer,
            tracker,
            network=model,
            epochs=epochs,
            n_images=data.n_training,
            monitor="val_loss" if data.validation else "loss",
        )
        try:
            trained.fit(
                **build_fit_arguments(phase.config, phase_data, seed=seed),
                initial_epoch=max(first_epoch, phase.begin),
                epochs=phase.end,
                callbacks=callbacks,
                verbose=0,
            )
        except StopTraining:
            # `fit` was left before it calls on_train_end, where the callbacks close their files.
            callbacks.on_train_end()
            return True
    return False


def _check_result(status_writer: StatusWriter, *, was_stopped: bool) -> None:
    """Check that an epoch with finite weights is saved; note it if later ones diverged."""
    run = status_writer.run
    history = run.read_history()
    if not find_best_weights(run).exists():
        if was_stopped:
            raise RunStoppedError(
                "Stopped before the first epoch was complete, so there is no model yet. Resume "
                "the run to start again."
            )
        raise RunError("Training diverged: the loss is NaN. Choose a smaller learning rate.")
    if history and not math.isfinite(history[-1]["loss"]):
        status_writer.add_note(
            f"Training diverged in epoch {len(history)}: the loss is NaN. The best epoch before "
            "is kept. Choose a smaller learning rate."
        )
