"""What a setting changes in the training itself."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from digitlab.datasets.loading import load_sample
from digitlab.errors import ConfigError
from digitlab.runs.run import create_run, get_run
from digitlab.training.config import TrainConfig
from digitlab.training.losses import LOSSES
from digitlab.training.lr_schedules import LR_SCHEDULES
from digitlab.training.optimizers import OPTIMIZERS
from digitlab.training.recipes import RECIPES
from digitlab.worker.data import compute_class_weights, take_training_fraction
from digitlab.worker.optimization import (
    build_loss,
    build_metric,
    build_optimizer,
    build_schedule,
    choose_steps_per_execution,
    encode_labels,
)
from tests.worker.test_worker import run_cli
from tests.worker.workers import train_here


def train(**values):
    run = create_run(TrainConfig(**values))
    status = train_here(run)
    assert status.state == "done", status.message
    return run, status


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
    shares = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2]], np.float32)
    encoded = encode_labels(config, labels, 3)
    smoothed = np.eye(3)[labels] * (1 - smoothing) + smoothing / 3
    expected = -(smoothed * np.log(shares)).sum(axis=1).mean()
    if loss == "mse":
        expected = ((np.eye(3)[labels] - shares) ** 2).mean()
    assert float(build_loss(config)(encoded, shares)) == pytest.approx(expected, rel=1e-5)
    metric = build_metric(config)
    metric.update_state(encoded, shares)
    assert metric.name == "accuracy"
    assert float(metric.result()) == pytest.approx(2 / 3)


def test_rare_classes_count_for_more():
    labels = np.repeat([0, 1, 3], [60, 30, 10])
    assert compute_class_weights(TrainConfig(), labels) is None
    weights = compute_class_weights(TrainConfig(class_weights="balanced"), labels)
    assert [round(weights[k] * (labels == k).sum(), 6) for k in (0, 1, 3)] == [33.333333] * 3


def test_too_small_a_share_is_refused():
    images, labels = np.zeros((3600, 28, 28, 1), np.uint8), np.zeros(3600, np.uint8)
    assert (
        len(take_training_fraction(TrainConfig(training_fraction=0.1), (images, labels), 10)[0])
        == 360
    )
    with pytest.raises(ConfigError, match=r"leaves 4 of 3,600 .* Take at least 0\.003"):
        take_training_fraction(TrainConfig(training_fraction=0.001), (images, labels), 10)


@pytest.mark.parametrize(
    "values",
    [
        {"loss": "categorical_crossentropy", "label_smoothing": 0.1, "batch_norm": "on"},
        {"loss": "mse", "optimizer": "momentum", "learning_rate": 0.3, "class_weights": "balanced"},
        {
            "augmentation": 1.0, "elastic": 0.0, "label_smoothing": 0.1, "class_weights":
            "balanced", "schedule": "one_cycle", "ema_momentum": 0.9, "learning_rate": 5e-3,
            "l2": 1e-5,
        },
        {"activation": "gelu", "optimizer": "adamw", "weight_decay": 1e-3, "dropout": 0.1},
    ],
)  # fmt: skip
def test_settings_of_all_kinds_learn_together(values):
    _, status = train(net="lightning_cnn", epochs=2, batch_size=32, **values)
    assert status.metrics["test_accuracy"] > 0.85


def test_early_stopping_ends_the_run_and_keeps_the_best():
    run, _ = train(
        net="lightning_cnn",
        epochs=200,
        training_fraction=0.05,
        learning_rate=0.01,
        early_stopping=2,
    )
    losses = [row["val_loss"] for row in run.read_history()]
    assert 3 <= len(losses) < 200
    assert int(np.argmin(losses)) == len(losses) - 3
    model = keras.saving.load_model(run.directory / "model.keras")
    sample = load_sample()
    images, labels = sample["x_train"][3600:, ..., None], sample["y_train"][3600:]
    model.compile(loss="sparse_categorical_crossentropy")
    assert model.evaluate(images, labels, verbose=0) == pytest.approx(min(losses), rel=1e-3)


def test_a_plateau_lowers_the_rate():
    run, _ = train(
        net="lightning_cnn",
        epochs=12,
        training_fraction=0.05,
        schedule="plateau",
        learning_rate=0.02,
    )
    rates = [row["learning_rate"] for row in run.read_history()]
    assert rates[0] == pytest.approx(0.02)
    assert rates[-1] < 0.01


def test_a_recipe_from_the_command_line():
    done = run_cli("train", "--list-recipes")
    assert "99 % in seconds" in done.stdout
    done = run_cli(
        "train", "--recipe", "lightning", "--set", "seed=4", "--epochs", "1", "--name", "quick"
    )
    assert done.returncode == 0, done.stderr
    expected = replace(RECIPES["lightning"].config, seed=4, epochs=1)
    assert get_run("quick").read_config() == expected


def test_the_demonstrations_show_what_they_promise():
    """On the offline sample, with which everybody can try them."""
    learned, _ = train(
        **(RECIPES["overfitting"].config.to_json() | {"training_fraction": 0.03, "epochs": 30})
    )
    rows = learned.read_history()
    assert rows[-1]["loss"] < 0.01
    assert rows[-1]["val_loss"] > 1.1 * min(row["val_loss"] for row in rows)
    for recipe in ("underfitting", "diverging"):
        settings = RECIPES[recipe].config.to_json()
        run, _ = train(**(settings | {"training_fraction": 0.5, "epochs": 3}))
        assert run.read_history()[-1]["loss"] > 1.0
