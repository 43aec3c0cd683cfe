"""What `train` writes into the run directory, on the offline sample."""

import hashlib
import json
import math
from dataclasses import replace

import keras
import numpy as np
import pytest

from digitlab.cli.main import build_parser, main
from digitlab.cli.settings import read_settings
from digitlab.datasets.loading import load_sample
from digitlab.errors import ConfigError, RunError
from digitlab.evaluation.report import EvaluationReport
from digitlab.files import write_json
from digitlab.model_store.formats import MODEL_FORMATS
from digitlab.model_store.store import get_model, shelve_run
from digitlab.runs.checkpoints import find_checkpoint, list_checkpoints
from digitlab.runs.control import follow_run, start_run
from digitlab.runs.health import HeartbeatWriter
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig
from digitlab.training.recipes import RECIPES
from digitlab.worker import callbacks
from digitlab.worker.model import build_model
from digitlab.worker.model_card import format_commands
from digitlab.worker.status_writer import StatusWriter
from digitlab.worker.train import train
from tests.conftest import end_workers
from tests.worker.conftest import TRAINED_CONFIG
from tests.worker.workers import train_here

# Optional formats may be there too: their packages need not be installed.
OPTIONAL_FILES = {one.file_name for one in MODEL_FORMATS if not one.is_required}
FILES = {
    "config.json", "meta.json", "status.json", "heartbeat.json", "batches.csv", "history.csv",
    "checkpoints.json", "checkpoint-a.weights.h5", "checkpoint-b.weights.h5", "best.weights.h5",
    "report.npz", "card.json", "worker.log", "tensorboard",
    *(one.file_name for one in MODEL_FORMATS if one.is_required),
}  # fmt: skip
# Three batches an epoch.
TINY = TrainConfig(
    net="lightning_cnn", training_fraction=0.05, batch_size=64, epochs=3, steps_per_execution=1
)


def load_card(run):
    return json.loads((run.directory / "card.json").read_text())


def load_weights(run):
    return keras.saving.load_model(run.directory / "model.keras").get_weights()


def plan_epochs(run, epochs):
    """Plan a number of epochs, as a resume does."""
    run.write_meta(replace(run.read_meta(), epochs=epochs))
    run.clear_stop_request()


def train_until(run, has_to_stop):
    """Train in this process and request a stop as soon as a status meets the condition."""

    class StoppingStatusWriter(StatusWriter):
        def update(self, **changes):
            super().update(**changes)
            if has_to_stop(self.status):
                self.run.request_stop()

    with HeartbeatWriter(run) as heartbeat:
        train(StoppingStatusWriter(run, heartbeat))
    return run.read_status()


def stop_after_epoch(run, n):
    return train_until(run, lambda status: (status.epoch, status.batch) == (n, 0))


def compute_validation_loss(run):
    """The loss of the exported model on the validation data."""
    model = keras.saving.load_model(run.directory / "model.keras")
    model.compile(loss="sparse_categorical_crossentropy")
    sample = load_sample()
    return model.evaluate(
        sample["x_train"][3600:, ..., None], sample["y_train"][3600:], batch_size=200, verbose=0
    )


@pytest.fixture
def every_batch(monkeypatch):
    """Update the status after every batch."""
    monkeypatch.setattr(callbacks, "_WRITE_INTERVAL_S", 0.0)


def test_train_evaluate_and_shelve_from_the_command_line(trained_run, run_copy, capsys):
    assert trained_run.exit_code == 0, trained_run.stderr
    assert "epoch   2" in trained_run.stdout
    assert "offline sample of 5,000" in trained_run.stdout.replace("\n", " ")
    assert {path.name for path in run_copy.directory.iterdir()} - OPTIONAL_FILES == FILES
    assert run_copy.read_status().state == "done"
    history = run_copy.read_history()
    assert [row["epoch"] for row in history] == [0, 1]
    assert history[1]["loss"] < history[0]["loss"]

    card = load_card(run_copy)
    report = EvaluationReport.load(run_copy.directory / "report.npz")
    assert report.probabilities.shape == (1000, 10)
    assert card["test"]["accuracy"] == report.accuracy > 0.6
    assert card["data"]["is_sample"]
    assert card["data"]["n_training"] == 1080
    assert card["n_parameters"] == 121_930
    assert card["no_digit_threshold"] is None
    options = build_parser().parse_args(card["command"].split()[3:])
    assert read_settings(options) == TRAINED_CONFIG == run_copy.read_config()
    content = (run_copy.directory / "model.tflite").read_bytes()
    assert card["files"]["model.tflite"]["sha256"] == hashlib.sha256(content).hexdigest()
    best = min(range(2), key=lambda k: history[k]["val_loss"])
    assert card["validation"]["epoch"] == best + 1

    assert get_model("mine").notes
    assert main(["evaluate", "--model", "mine", "--json"]) == 0
    evaluated = json.loads(capsys.readouterr().out)
    assert evaluated["accuracy"] == card["test"]["accuracy"]
    assert evaluated["is_sample"]
    assert np.trace(evaluated["confusion"]) == round(evaluated["accuracy"] * 1000)


@pytest.mark.usefixtures("copied_tflite")
def test_a_later_run_in_one_process_equals_the_first_run_of_another(run_copy):
    first = create_run(replace(TINY, augmentation=1.0, ema_momentum=0.9))
    again = create_run(first.read_config())
    same = create_run(TRAINED_CONFIG)
    for run in (first, same, again):
        assert train_here(run).state == "done"
    for one, other in ((first, again), (same, run_copy)):
        for ours, theirs in zip(load_weights(one), load_weights(other), strict=True):
            assert np.array_equal(ours, theirs)


def test_one_worker_process_trains_two_equal_runs(tmp_path):
    runs = [create_run(TINY) for _ in range(2)]
    try:
        for run in runs:
            start_run(run)
        first, second = ([*follow_run(run)][-1] for run in runs)
    finally:
        end_workers(tmp_path / "cache")
    assert (first.state, second.state) == ("done", "done")
    assert first.pid == second.pid
    for one, other in zip(*map(load_weights, runs), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.usefixtures("copied_tflite")
@pytest.mark.parametrize("optimizer", ["adamw", "rmsprop"])
def test_training_without_a_validation_split(optimizer):
    run = create_run(replace(TINY, epochs=1, validation_split=0.0, optimizer=optimizer))
    last = train_here(run)
    assert last.state == "done", last.message
    assert "val_loss" not in run.read_history()[0]
    assert load_card(run)["validation"] == {"epoch": 1}
    assert load_card(run)["data"]["n_training"] == 200


@pytest.mark.usefixtures("copied_tflite")
def test_a_stop_within_an_epoch_keeps_the_complete_epochs_only(every_batch):
    digits = np.zeros((2, 28, 28), np.uint8)
    run = create_run(TINY, digits=digits, digit_labels=[4, -1])
    status = train_until(run, lambda status: status.epoch == 1 and status.batch == 1)
    assert (status.state, status.epoch, status.epochs) == ("stopped", 1, 3)
    assert len(run.read_history()) == find_checkpoint(run) == 1
    assert run.read_digits().epochs.tolist() == [0, 1]
    assert read_tensorboard(run, "validation", "epoch_loss") == pytest.approx(
        [run.read_history()[0]["val_loss"]]
    )
    assert load_card(run)["training"]["epochs"] == load_card(run)["validation"]["epoch"] == 1
    assert compute_validation_loss(run) == pytest.approx(
        run.read_history()[0]["val_loss"], rel=1e-3
    )

    plan_epochs(run, 3)
    assert train_here(run).state == "done"
    assert [row["epoch"] for row in run.read_history()] == [0, 1, 2]
    assert run.read_digits().epochs.tolist() == [0, 1, 2, 3]
    rows, _ = run.read_batches()
    assert [(row["epoch"], row["batch"]) for row in rows] == [
        (epoch, batch) for epoch in range(3) for batch in (1, 2, 3)
    ]


def read_tensorboard(run, folder, tag):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(str(run.directory / "tensorboard" / folder)).Reload()
    return [float(make_ndarray(event.tensor_proto)) for event in events.Tensors(tag)]


def test_tensorboard_has_the_curves_of_the_history(run_copy):
    history = run_copy.read_history()
    for folder, key in (("train", "loss"), ("validation", "val_loss")):
        curve = read_tensorboard(run_copy, folder, "epoch_loss")
        assert curve == pytest.approx([row[key] for row in history], rel=1e-5)


@pytest.mark.usefixtures("copied_tflite")
def test_a_stop_after_the_last_batch_lets_the_epoch_be_completed(every_batch):
    run = create_run(TINY)
    status = train_until(run, lambda status: status.epoch == 1 and status.batch == 3)
    assert (status.state, status.epoch) == ("stopped", 2)
    assert len(run.read_history()) == find_checkpoint(run) == 2


@pytest.mark.usefixtures("copied_tflite")
def test_a_stop_within_the_last_batch_ends_as_done(every_batch):
    run = create_run(replace(TINY, epochs=1))
    assert train_until(run, lambda status: status.batch == 3).state == "done"


@pytest.mark.usefixtures("copied_tflite")
def test_a_stop_within_the_first_epoch_leaves_no_model(every_batch):
    run = create_run(TINY)
    status = train_until(run, lambda status: status.batch == 1)
    assert status.state == "cancelled"
    assert "there is no model yet" in status.message
    assert not run.has_model
    assert run.read_history() == []
    run.clear_stop_request()
    assert train_here(run).state == "done"
    assert len(run.read_history()) == 3


def test_a_resumed_run_is_described_from_its_beginning(run_copy):
    before = run_copy.read_history()
    first_seconds = load_card(run_copy)["training"]["seconds"]
    plan_epochs(run_copy, 3)
    status = train_here(run_copy)
    assert (status.state, status.epoch, status.epochs) == ("done", 3, 3)
    history = run_copy.read_history()
    assert history[:2] == before
    # With a new optimizer or new weights, the loss would be several times as large.
    assert history[2]["loss"] < 1.2 * before[-1]["loss"]
    card = load_card(run_copy)
    assert card["training"]["epochs"] == 3
    assert card["training"]["seconds"] == pytest.approx(
        first_seconds + history[2]["seconds"], abs=0.11
    )
    train_line, resume_line = card["command"].splitlines()
    assert build_parser().parse_args(train_line.split()[3:]).name == "first"
    options = build_parser().parse_args(resume_line.split()[3:])
    assert (options.command, options.run_id, options.epochs) == ("resume", "first", 1)


def test_a_fine_tuned_model_needs_the_commands_of_its_source(run_copy):
    plan_epochs(run_copy, 3)
    card = load_card(run_copy) | {"command": run_copy.format_command()}
    write_json(run_copy.directory / "card.json", card)
    source = shelve_run(run_copy, label="Longer")
    run = create_run(TrainConfig(init_from=source.id))
    commands = format_commands(run, source).splitlines()
    parsed = [build_parser().parse_args(line.split()[3:]) for line in commands]
    assert [options.command for options in parsed] == ["train", "resume", "shelve", "train"]
    assert (parsed[2].run_id, parsed[2].label) == ("first", "longer")
    commands = format_commands(run, get_model("mine")).splitlines()
    assert [line.endswith(" --shelve mine") for line in commands] == [True, False]
    # Shipped models are on every shelf.
    assert len(format_commands(run, get_model("simple_cnn")).splitlines()) == 1


def test_a_missing_source_model_is_refused_before_data_is_prepared():
    # The data set is unavailable offline, which would be reported first otherwise.
    run = create_run(TrainConfig(dataset="cifar10", init_from="nothing"))
    with pytest.raises(ConfigError, match=r"init_from is 'nothing'\. There is no model 'nothing'"):
        train_here(run)


@pytest.mark.usefixtures("copied_tflite")
def test_a_damaged_checkpoint_falls_back_to_the_one_before(run_copy):
    latest, before = list_checkpoints(run_copy)
    assert (latest.epochs, before.epochs) == (2, 1)
    content = bytearray(latest.path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    latest.path.write_bytes(content)
    plan_epochs(run_copy, 3)
    status = train_here(run_copy)
    assert status.state == "done"
    assert "resumed from epoch 1" in " ".join(status.notes)
    assert [row["epoch"] for row in run_copy.read_history()] == [0, 1, 2]

    for checkpoint in list_checkpoints(run_copy):
        checkpoint.path.write_bytes(b"damaged")
    with pytest.raises(RunError, match="checkpoints are damaged"):
        train_here(run_copy)
    assert len(run_copy.read_history()) == 3
    assert run_copy.has_model


# Each step flips the sign of the weights and makes them nine times as large.
DIVERGING = {"optimizer": "adamw", "learning_rate": 10.0, "weight_decay": 1.0}


def test_a_run_that_diverges_at_once_fails():
    with pytest.raises(RunError, match="diverged: the loss is NaN"):
        train_here(create_run(replace(TrainConfig(epochs=1), **DIVERGING)))


@pytest.mark.usefixtures("copied_tflite")
def test_a_run_that_diverges_later_can_be_resumed_from_its_last_finite_epoch():
    # A schedule takes its rate from the config, also after a resume.
    config = replace(TINY, batch_size=8, optimizer="adamw", schedule="exponential", epochs=1000)
    run = create_run(config)
    plan_epochs(run, 1)
    assert train_here(run).state == "done"
    model = build_model(config)
    write_json(run.directory / "config.json", config.to_json() | DIVERGING)
    plan_epochs(run, 100)
    status = train_here(run)
    assert status.state == "done"
    n_epochs = len(run.read_history())
    assert 1 < n_epochs < 100
    assert f"diverged in epoch {n_epochs}" in " ".join(status.notes)
    assert not math.isfinite(run.read_history()[-1]["loss"])
    for checkpoint in list_checkpoints(run):
        model.load_weights(checkpoint.path)
        assert all(np.isfinite(weights).all() for weights in model.get_weights())

    write_json(run.directory / "config.json", config.to_json())
    plan_epochs(run, find_checkpoint(run) + 1)
    assert train_here(run).state == "done"
    losses = [row["loss"] for row in run.read_history()]
    assert len(losses) == find_checkpoint(run)
    assert np.isfinite(losses).all()


@pytest.mark.usefixtures("copied_tflite")
def test_averaged_weights_survive_a_resume():
    # One batch an epoch and no dropout: shuffling changes nothing but rounding.
    config = TrainConfig(
        net="lightning_cnn", training_fraction=0.05, batch_size=4096, ema_momentum=0.8, epochs=4
    )
    straight, resumed = create_run(config), create_run(config)
    train_here(straight)
    assert stop_after_epoch(resumed, 2).state == "stopped"
    resumed.clear_stop_request()
    assert train_here(resumed).state == "done"
    for key in ("loss", "val_loss"):
        expected = [row[key] for row in straight.read_history()]
        assert [row[key] for row in resumed.read_history()] == pytest.approx(expected, rel=1e-3)
    for ours, theirs in zip(load_weights(resumed), load_weights(straight), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-4)


@pytest.mark.usefixtures("copied_tflite")
def test_a_reduced_learning_rate_survives_a_resume():
    # So slow that no epoch lowers the loss enough to count as progress.
    config = TrainConfig(
        net="lightning_cnn", training_fraction=0.05, batch_size=4096, schedule="plateau",
        learning_rate=1e-7, epochs=6,
    )  # fmt: skip
    run = create_run(config)
    # The rate is reduced at the end of epochs 3 and 5.
    for epoch in (3, 4):
        assert stop_after_epoch(run, epoch).state == "stopped"
        run.clear_stop_request()
    train_here(run)
    rates = [row["learning_rate"] for row in run.read_history()]
    assert rates == pytest.approx([1e-7] * 3 + [1e-7 / 3] * 2 + [1e-7 / 9], rel=1e-3)


@pytest.mark.usefixtures("copied_tflite")
def test_early_stopping_ends_the_run_and_keeps_the_best_epoch():
    run = create_run(replace(TINY, epochs=200, batch_size=32, learning_rate=0.01, early_stopping=2))
    assert train_here(run).state == "done"
    losses = [row["val_loss"] for row in run.read_history()]
    assert 3 <= len(losses) < 200
    assert int(np.argmin(losses)) == len(losses) - 3
    assert compute_validation_loss(run) == pytest.approx(min(losses), rel=1e-3)


def test_settings_of_all_groups_work_together():
    config = TrainConfig(
        net="lightning_cnn", epochs=2, batch_size=32, augmentation=1.0, elastic=0.0,
        loss="categorical_crossentropy", label_smoothing=0.1, class_weights="balanced",
        schedule="one_cycle", learning_rate=5e-3, optimizer="adamw", weight_decay=1e-3,
        l2=1e-5, dropout=0.1, activation="gelu", batch_norm="on", ema_momentum=0.9,
        calibrate=True,
    )  # fmt: skip
    run = create_run(config)
    status = train_here(run)
    assert status.state == "done"
    assert status.metrics["test_accuracy"] > 0.85
    assert load_card(run)["temperature"] > 0


def test_a_fine_tuned_model_starts_from_the_weights_of_its_source():
    config = replace(TINY, net="simple_cnn", init_from="simple_cnn", epochs=1)
    run = create_run(replace(config, loss="mse", optimizer="momentum", learning_rate=0.01))
    assert train_here(run).metrics["test_accuracy"] > 0.97
    sha256 = get_model("simple_cnn").card["files"]["model.keras"]["sha256"]
    assert load_card(run)["ancestors"] == [{"id": "simple_cnn", "sha256": sha256}]


@pytest.mark.usefixtures("copied_tflite")
@pytest.mark.parametrize("recipe", ["overfitting", "underfitting", "diverging"])
def test_demonstration_recipes_demonstrate_on_the_offline_sample(recipe):
    config = replace(RECIPES[recipe].config, training_fraction=0.2, epochs=2)
    if recipe == "overfitting":
        config = replace(config, training_fraction=0.03, epochs=20)
    run = create_run(config)
    assert train_here(run).state == "done"
    history = run.read_history()
    if recipe == "overfitting":
        assert history[-1]["loss"] < 0.03
        assert history[-1]["val_loss"] > 1.1 * min(row["val_loss"] for row in history)
    else:
        assert history[-1]["loss"] > 1.0


def test_excluding_the_sample_leaves_no_offline_data():
    with pytest.raises(ConfigError, match="exclude_sample leaves nothing to train on"):
        train_here(create_run(TrainConfig(exclude_sample=True)))
