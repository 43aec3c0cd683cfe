"""The worker as a real process, on the offline sample."""

import hashlib
import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from digitlab.errors import ConfigError, RunError
from digitlab.evaluation.report import EvaluationReport
from digitlab.files import write_json
from digitlab.model_store.store import get_model
from digitlab.runs.control import follow_run, start_run, stop_run
from digitlab.runs.run import create_run, get_run
from digitlab.training.config import TrainConfig
from tests.conftest import PROJECT_DIR
from tests.worker.workers import LIMIT_S, train, train_here, wait_until

FILES = {
    "config.json", "meta.json", "status.json", "heartbeat.json", "batches.csv", "history.csv",
    "checkpoints.json", "checkpoint-a.weights.h5", "checkpoint-b.weights.h5", "best.weights.h5",
    "model.keras", "model.tflite", "report.npz", "card.json", "worker.log",
    "tensorboard",
}  # fmt: skip


def run_cli(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "digitlab", *arguments],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False, timeout=LIMIT_S,
    )  # fmt: skip


def hash_model(run):
    return hashlib.sha256((run.directory / "model.tflite").read_bytes()).hexdigest()


def load_weights(run):
    return keras.saving.load_model(run.directory / "model.keras").get_weights()


def test_train_evaluate_and_shelve_from_the_command_line():
    arguments = ("train", "--net", "simple_cnn", "--epochs", "2")
    done = run_cli(*arguments, "--name", "first", "--shelve", "mine")
    assert done.returncode == 0, done.stderr
    assert "epoch   2" in done.stdout
    assert "offline sample of 5,000" in done.stdout.replace("\n", " ")

    run = get_run("first")
    assert {path.name for path in run.directory.iterdir()} == FILES
    assert run.read_status().state == "done"
    history = run.read_history()
    assert [row["epoch"] for row in history] == [0, 1]
    assert history[1]["loss"] < history[0]["loss"]

    card = json.loads((run.directory / "card.json").read_text())
    report = EvaluationReport.load(run.directory / "report.npz")
    assert report.probabilities.shape == (1000, 10)
    assert card["test"]["accuracy"] == report.accuracy > 0.8
    assert card["data"]["is_sample"]
    assert card["data"]["n_training"] == 3600
    assert card["command"] == "python -m digitlab train --net simple_cnn --epochs 2"
    assert card["files"]["model.tflite"]["sha256"] == hash_model(run)
    best = min(range(2), key=lambda k: history[k]["val_loss"])
    assert card["validation"]["epoch"] == best + 1

    evaluated = json.loads(run_cli("evaluate", "--model", "mine", "--json").stdout)
    assert evaluated["accuracy"] == card["test"]["accuracy"]
    assert evaluated["is_sample"]
    assert np.trace(evaluated["confusion"]) == round(evaluated["accuracy"] * 1000)

    assert get_model("mine").notes


def test_the_same_settings_give_the_same_weights():
    config = TrainConfig(net="digitlab_cnn", augmentation=1.0, validation_split=0.8, epochs=1)
    here, there = create_run(config), create_run(config)
    assert train_here(here).state == "done"
    train(there)
    # The files differ in the names of their layers, of which this process has seen more.
    for ours, its in zip(load_weights(here), load_weights(there), strict=True):
        assert np.array_equal(ours, its)


def test_augmentation_averaged_weights_and_schedule():
    config = TrainConfig(
        net="lightning_cnn", epochs=3, batch_size=64, optimizer="adamw", weight_decay=1e-3,
        schedule="cosine", ema_momentum=0.9, augmentation=1.0, learning_rate=3e-3,
    )  # fmt: skip
    status = train_here(create_run(config))
    assert status.state == "done", status.message
    assert status.metrics["test_accuracy"] > 0.9


@pytest.mark.parametrize("optimizer", ["adamw", "rmsprop"])
def test_every_image_may_be_for_training(optimizer):
    run = create_run(TrainConfig(epochs=1, validation_split=0.0, optimizer=optimizer))
    last = train_here(run)
    assert last.state == "done", last.message
    assert "val_loss" not in run.read_history()[0]
    card = json.loads((run.directory / "card.json").read_text())
    assert card["validation"] == {"epoch": 1}
    assert card["data"]["n_training"] == 4000


def test_a_stop_keeps_the_best_epoch():
    run = create_run(TrainConfig(epochs=500))
    start_run(run)
    wait_until(lambda: len(run.read_history()) >= 1)
    stop_run(run)
    *_, status = follow_run(run)
    assert status.state == "stopped"
    assert 1 <= status.epoch < 500
    assert {path.name for path in run.directory.iterdir()} == FILES | {"stop"}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"epochs": 0}, "epochs is 0; it must be a whole number from 1 to 1000."),
        ({"dataset": "cifar10"}, "CIFAR-10 photos is unavailable"),
    ],
)
def test_a_run_that_cannot_be_says_why(values, sentence):
    run = create_run(TrainConfig())
    write_json(run.directory / "config.json", values)
    status = train(run)[-1]
    assert status.state == "failed"
    assert sentence in status.message
    assert "Traceback" not in (run.directory / "worker.log").read_text()


def test_a_loss_that_is_no_number_is_said_so():
    # Each step turns the weights round and makes them nine times as large.
    run = create_run(TrainConfig(optimizer="adamw", learning_rate=10.0, weight_decay=1.0, epochs=1))
    with pytest.raises(RunError, match="never a number"):
        train_here(run)


def test_without_the_sample_nothing_is_left_offline():
    run = create_run(TrainConfig(exclude_sample=True))
    with pytest.raises(ConfigError, match="exclude_sample leaves nothing to train on"):
        train_here(run)
