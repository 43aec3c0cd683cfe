"""What `train` writes into the run directory, on the offline sample."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from digitlab.cli.main import build_parser, main
from digitlab.cli.settings import read_settings
from digitlab.errors import ConfigError, RunError
from digitlab.evaluation.report import EvaluationReport
from digitlab.files import write_json
from digitlab.model_store.formats import MODEL_FORMATS
from digitlab.model_store.store import get_model, save_model
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig
from digitlab.training.recipes import RECIPES
from digitlab.worker.model_card import (
    NO_DIGIT_THRESHOLD,
    format_commands,
    get_no_digit_threshold,
)
from digitlab.worker.status_writer import StatusWriter
from tests.app.runs import create_finished_run
from tests.worker.conftest import TRAINED_CONFIG
from tests.worker.results import (
    TINY,
    compute_validation_loss,
    load_card,
    load_weights,
    plan_epochs,
    read_tensorboard,
)
from tests.worker.workers import train_here

# Optional formats may be there too: their packages need not be installed.
OPTIONAL_FILES = {one.file_name for one in MODEL_FORMATS if not one.is_required}
FILES = {
    "config.json", "meta.json", "status.json", "heartbeat.json", "batches.csv", "history.csv",
    "checkpoints.json", "checkpoint-a.weights.h5", "checkpoint-b.weights.h5", "best.weights.h5",
    "report.npz", "card.json", "worker.log", "tensorboard",
    *(one.file_name for one in MODEL_FORMATS if one.is_required),
}  # fmt: skip


def test_train_evaluate_and_save_from_the_command_line(trained_run, run_copy, capsys):
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
    assert get_no_digit_threshold(TrainConfig(dataset="handwriting")) == NO_DIGIT_THRESHOLD
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


@pytest.mark.usefixtures("copied_tflite")
@pytest.mark.parametrize("optimizer", ["adamw", "rmsprop"])
def test_training_without_a_validation_split(optimizer):
    run = create_run(replace(TINY, epochs=1, validation_split=0.0, optimizer=optimizer))
    last = train_here(run)
    assert last.state == "done", last.message
    assert "val_loss" not in run.read_history()[0]
    assert load_card(run)["validation"] == {"epoch": 1}
    assert load_card(run)["data"]["n_training"] == 200


def test_tensorboard_has_the_curves_of_the_history(run_copy):
    history = run_copy.read_history()
    for folder, key in (("train", "loss"), ("validation", "val_loss")):
        curve = read_tensorboard(run_copy, folder, "epoch_loss")
        assert curve == pytest.approx([row[key] for row in history], rel=1e-5)


def test_a_fine_tuned_model_needs_the_commands_of_its_source(run_copy):
    plan_epochs(run_copy, 3)
    card = load_card(run_copy) | {"command": run_copy.format_command()}
    write_json(run_copy.directory / "card.json", card)
    source = save_model(run_copy, label="Longer")
    run = create_run(TrainConfig(init_from=source.id))
    commands = format_commands(run, [source]).splitlines()
    parsed = [build_parser().parse_args(line.split()[3:]) for line in commands]
    assert [options.command for options in parsed] == ["train", "resume", "save-model", "train"]
    assert (parsed[2].run_id, parsed[2].label) == ("first", "longer")
    commands = format_commands(run, [get_model("mine")]).splitlines()
    assert [line.endswith(" --save-as mine") for line in commands] == [True, False]
    # Shipped models are on every machine.
    assert len(format_commands(run, [get_model("simple_cnn")]).splitlines()) == 1


def test_a_missing_source_model_is_refused_before_data_is_prepared():
    # The data set is unavailable offline, which would be reported first otherwise.
    run = create_run(TrainConfig(dataset="cifar10", init_from="nothing"))
    with pytest.raises(ConfigError, match=r"init_from is 'nothing'\. There is no model 'nothing'"):
        train_here(run)


# Each step flips the sign of the weights and makes them nine times as large.
DIVERGING = {"optimizer": "adamw", "learning_rate": 10.0, "weight_decay": 1.0}


def test_another_visitors_model_is_no_start_of_a_training():
    model = save_model(create_finished_run(owner="ada"), label="Hers", owner="ada")
    config = TrainConfig(init_from=model.id, training_fraction=0.01)
    with pytest.raises(ConfigError, match="There is no model"):
        train_here(create_run(config, owner="bob"))


def test_a_run_that_diverges_at_once_fails():
    with pytest.raises(RunError, match="diverged: the loss is NaN"):
        train_here(create_run(replace(TrainConfig(epochs=1), **DIVERGING)))


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


@pytest.mark.integration
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
    with pytest.raises(ConfigError, match="Exclude offline sample” leaves nothing to train on"):
        train_here(create_run(TrainConfig(exclude_sample=True)))


def test_a_visitors_training_ends_when_its_time_is_over(monkeypatch):
    monkeypatch.setattr(
        StatusWriter, "elapsed_s", property(lambda self: 1e6 * len(self.run.read_history()))
    )
    config = TrainConfig(net="logistic_regression", epochs=3, training_fraction=0.05)
    status = train_here(create_run(config, owner="ada"))
    assert (status.state, status.epoch) == ("stopped", 1)
    assert "Stopped after 20 minutes, the limit of this server" in " ".join(status.notes)
    assert train_here(create_run(config)).state == "done"
