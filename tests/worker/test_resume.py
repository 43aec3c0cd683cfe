"""What a stop leaves in the run directory, and what a resume makes of it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from digitlab.cli.main import build_parser
from digitlab.errors import RunError
from digitlab.files import write_json
from digitlab.runs.checkpoints import find_checkpoint, list_checkpoints
from digitlab.runs.health import HeartbeatWriter
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig
from digitlab.worker import callbacks
from digitlab.worker.model import build_model
from digitlab.worker.status_writer import StatusWriter
from digitlab.worker.train import train
from tests.worker.results import (
    TINY,
    compute_validation_loss,
    load_card,
    load_weights,
    plan_epochs,
    read_tensorboard,
)
from tests.worker.workers import train_here


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


@pytest.fixture
def every_batch(monkeypatch):
    """Update the status after every batch."""
    monkeypatch.setattr(callbacks, "_WRITE_INTERVAL_S", 0.0)


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
