"""Optimizers, schedules, losses and the callbacks that follow the loss."""

import keras
import numpy as np
import pytest

from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig
from digitlab.training.losses import LOSSES
from digitlab.training.lr_schedules import LR_SCHEDULES
from digitlab.training.optimizers import OPTIMIZERS
from digitlab.training.phases import list_phases
from digitlab.worker.optimization import (
    build_loss,
    build_loss_monitors,
    build_metric,
    build_optimizer,
    build_schedule,
    choose_steps_per_execution,
    encode_labels,
)


@pytest.mark.parametrize(
    ("schedule", "factors"),
    [
        ("exponential", {0: 1, 500: 0.1, 1000: 0.01}),
        ("cosine", {0: 0.01, 50: 0.505, 100: 1, 550: 0.505, 1000: 0.01}),
        ("one_cycle", {0: 0.04, 150: 0.52, 300: 1, 650: 0.50005, 1000: 1e-4}),
    ],
)
def test_learning_rate_at_a_step(schedule, factors):
    built = build_schedule(TrainConfig(schedule=schedule, learning_rate=0.02), 1000)
    rates = {step: float(built(step)) / 0.02 for step in factors}
    assert rates == pytest.approx(factors, rel=1e-3)


@pytest.mark.parametrize("schedule", LR_SCHEDULES)
def test_learning_rate_never_exceeds_its_peak(schedule):
    built = build_schedule(TrainConfig(schedule=schedule, learning_rate=0.02), 100)
    rates = [built if isinstance(built, float) else float(built(k)) for k in range(101)]
    assert max(rates) == pytest.approx(0.02)
    assert min(rates) > 0


def apply_optimizer(optimizer, gradients, **values):
    """The weight after one step for each gradient, from 1.0."""
    built = build_optimizer(TrainConfig(optimizer=optimizer, learning_rate=0.1, **values), 100)
    weight = keras.Variable(np.float32(1.0))
    for gradient in gradients:
        built.apply([keras.ops.convert_to_tensor(np.float32(gradient))], [weight])
    return float(weight)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizer_descends(optimizer):
    assert apply_optimizer(optimizer, [1.0, 1.0]) < 0.9


@pytest.mark.parametrize(
    ("optimizer", "values", "expected"),
    [
        ("sgd", {}, 1 - 0.1 - 0.1),
        ("sgd", {"momentum": 0.5}, 1 - 0.1 - 0.15),
        ("momentum", {}, 1 - 0.1 - 0.19),
        ("momentum", {"momentum": 0.5}, 1 - 0.1 - 0.15),
        # Decoupled weight decay: each step first shrinks the weight by learning rate times decay.
        ("sgd", {"weight_decay": 0.5}, (1 * 0.95 - 0.1) * 0.95 - 0.1),
        # Adam's first steps have the size of the learning rate, whatever the gradient.
        ("adam", {}, 1 - 0.1 - 0.1),
        ("adamw", {"weight_decay": 0.5}, (1 * 0.95 - 0.1) * 0.95 - 0.1),
        # RMSprop divides by the root of the running mean (rho 0.9) of squared gradients.
        ("rmsprop", {}, 1 - 0.1 / 0.1**0.5 - 0.1 / 0.19**0.5),
    ],
)
def test_optimizer_steps_match_the_formula(optimizer, values, expected):
    assert apply_optimizer(optimizer, [1.0, 1.0], **values) == pytest.approx(expected, rel=1e-3)


def test_averaged_weights_follow_the_setting():
    assert not build_optimizer(TrainConfig(), 100).use_ema
    assert build_optimizer(TrainConfig(ema_momentum=0.9), 100).ema_momentum == 0.9


def test_large_networks_report_after_every_step():
    assert choose_steps_per_execution(TrainConfig(), 800) > 5
    assert choose_steps_per_execution(TrainConfig(), 3) == 3
    assert choose_steps_per_execution(TrainConfig(net="digitlab_cnn", batch_size=1024), 800) == 1
    assert choose_steps_per_execution(TrainConfig(steps_per_execution=50), 800) == 50
    assert choose_steps_per_execution(TrainConfig(steps_per_execution=50), 8) == 8


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_agrees_with_its_formula(loss, smoothing):
    config = TrainConfig(loss=loss, label_smoothing=smoothing)
    labels = np.array([0, 2, 1], np.uint8)
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2]], np.float32)
    encoded = encode_labels(config, labels, 3)
    smoothed = np.eye(3)[labels] * (1 - smoothing) + smoothing / 3
    expected = -(smoothed * np.log(probabilities)).sum(axis=1).mean()
    if loss == "mse":
        expected = ((np.eye(3)[labels] - probabilities) ** 2).mean()
    assert float(build_loss(config)(encoded, probabilities)) == pytest.approx(expected, rel=1e-5)
    metric = build_metric(config)
    metric.update_state(encoded, probabilities)
    assert metric.name == "accuracy"
    assert float(metric.result()) == pytest.approx(2 / 3)


def build_only_phase(config):
    (phase,) = list_phases(config, config.epochs)
    return phase


def follow_losses(config, losses, resumed_after):
    """Pass losses to the callbacks, with a resume after some epochs.

    Returns:
        The learning rate after each epoch, and the epoch that ended training, from 1.
    """
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=build_optimizer(config, 10))
    run = create_run(config)
    rates = []
    for session in (losses[:resumed_after], losses[resumed_after:]):
        model.stop_training = False
        callbacks = keras.callbacks.CallbackList(
            build_loss_monitors(build_only_phase(config), run, monitor="val_loss"), model=model
        )
        callbacks.on_train_begin()
        for loss in session:
            callbacks.on_epoch_end(len(rates), {"val_loss": loss})
            rates.append(float(model.optimizer.learning_rate))
            if model.stop_training:
                return rates, len(rates)
        rows = [f"{k},{loss}\n" for k, loss in enumerate(losses[: len(rates)])]
        run.history_path.write_text("epoch,val_loss\n" + "".join(rows))
    return rates, None


LOSSES_SEEN = [1.0, 0.9, 0.95, 0.8, 0.85, 0.9, 0.85, 0.9, 0.9, 0.7, 0.75, 0.8, 0.9]


@pytest.mark.parametrize("resumed_after", range(len(LOSSES_SEEN)))
def test_a_resume_changes_nothing_for_plateau(resumed_after):
    config = TrainConfig(schedule="plateau", learning_rate=0.9)
    expected = np.array([1, 1, 1, 1, 1, 3, 3, 9, 9, 9, 9, 27, 27])
    rates, _ = follow_losses(config, LOSSES_SEEN, resumed_after)
    assert rates == pytest.approx(0.9 / expected)


@pytest.mark.parametrize("resumed_after", range(9))
def test_a_resume_changes_nothing_for_early_stopping(resumed_after):
    config = TrainConfig(early_stopping=5)
    assert follow_losses(config, LOSSES_SEEN, resumed_after)[1] == 9


def test_a_run_that_was_stopped_early_has_new_patience_after_a_resume():
    config = TrainConfig(early_stopping=2)
    losses = [1.0, 1.1, 1.1, 1.1, 0.9, 1.1, 1.1]
    assert follow_losses(config, losses, 0)[1] == 3
    assert follow_losses(config, losses, 3)[1] == 3
    run = create_run(config)
    run.history_path.write_text("epoch,val_loss\n0,1.0\n1,1.1\n2,1.1\n")
    (stopping,) = build_loss_monitors(build_only_phase(config), run, monitor="val_loss")
    stopping.on_train_begin()
    assert (stopping.best, stopping.wait) == (1.0, 0)
