"""Ranges of settings, and studies that are refused before anything starts."""

import json
import math
from dataclasses import replace

import pytest

from digitlab.errors import ConfigError
from digitlab.files import load_json, write_json
from digitlab.training.config import TrainConfig
from digitlab.tuning.search_space import SearchRange, list_searchable, parse_range, propose_range
from digitlab.tuning.study import Study
from digitlab.tuning.study_config import StudyConfig


def build_config(*ranges, **changes):
    base = TrainConfig(**changes.pop("base", {})).to_json()
    return StudyConfig(base=base, space=tuple(parse_range(one) for one in ranges), **changes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("learning_rate=1e-4:1e-1:log", SearchRange("learning_rate", 1e-4, 1e-1, is_log=True)),
        ("dropout=0:0.6", SearchRange("dropout", 0.0, 0.6)),
        ("dropout=0:0.6:linear:4", SearchRange("dropout", 0.0, 0.6, n_grid=4)),
        ("optimizer=adam,sgd", SearchRange("optimizer", choices=("adam", "sgd"))),
        ("batch-size=32, 64", SearchRange("batch_size", choices=(32, 64))),
        ("flip=true,false", SearchRange("flip", choices=(True, False))),
        ("weight_decay", SearchRange("weight_decay", 1e-5, 1e-1, is_log=True)),
    ],
)
def test_ranges_are_read(text, expected):
    assert parse_range(text) == expected
    assert parse_range(parse_range(text).format()) == parse_range(text) or expected.n_grid != 3


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("learning_rate=0.1:0.01", "0.1 is not below 0.01"),
        ("dropout=0:0.5:log", "a log scale has no 0"),
        ("learningrate=0:1", "is not a setting"),
        ("dataset=mnist,cifar10", "cannot be varied"),
        ("dropout=0:2", "it must be a number from 0"),
        ("dropout=a:b", "is not a range of numbers"),
        ("dropout=0:0.5:cubic", "NAME=LOW:HIGH"),
        ("optimizer=0:1", "takes no numbers"),
        ("optimizer=adam", "one value only"),
        ("optimizer=adam,adom", "must be one of"),
        ("batch_size=0.5:8", "must be an integer"),
        ("dropout=0:0.5:linear:1", "a grid needs 2"),
    ],
)
def test_bad_ranges_are_refused_in_one_sentence(text, reason):
    with pytest.raises(ConfigError, match=reason):
        build_config(text)


@pytest.mark.parametrize(
    ("ranges", "changes", "reason"),
    [
        ([], {}, "Nothing is varied"),
        (["dropout", "dropout=0:0.1"], {}, "varied twice"),
        (["dropout"], {"n_trials": 0}, "has no end"),
        (["dropout"], {"n_trials": -1}, "At most 10,000 trials"),
        (["dropout"], {"sampler": "bayes"}, "must be one of tpe"),
        (["dropout"], {"base": {"validation_split": 0.0}}, "compared on validation data"),
        (["dropout=0:0.6:linear:100", "learning_rate=1e-4:1:log:100"], {"sampler": "grid"},
         "10,000 combinations; at most 1,000"),
        (["dropout"], {"sampler": "cmaes"}, "two or more numbers"),
        (["dropout", "optimizer"], {"sampler": "cmaes"}, "two or more numbers"),
        (["degradation=0:1"], {"base": {"dataset": "cifar10"}}, "not to colour photos"),
    ],
)  # fmt: skip
def test_bad_studies_are_refused_in_one_sentence(ranges, changes, reason):
    with pytest.raises(ConfigError, match=reason):
        build_config(*ranges, **changes)


def test_every_setting_that_can_be_varied_has_a_valid_proposal():
    for spec in list_searchable():
        proposed = propose_range(spec.name)
        assert parse_range(proposed.format()) == proposed
        assert len(proposed.list_grid()) >= 2


def test_a_grid_has_the_limits_and_equal_steps_between():
    assert parse_range("dropout=0:0.6:linear:4").list_grid() == pytest.approx([0, 0.2, 0.4, 0.6])
    logs = [math.log10(v) for v in parse_range("learning_rate=1e-4:1e-1:log:4").list_grid()]
    assert logs == pytest.approx([-4, -3, -2, -1])
    assert parse_range("epochs=1:3:linear:5").list_grid() == [1, 2, 3]
    config = build_config(
        "dropout=0:0.6:linear:4", "optimizer=adam,sgd", sampler="grid", n_trials=0
    )
    assert config.n_planned == 8


def test_a_study_is_written_and_read_unchanged(tmp_path):
    config = build_config("learning_rate", "optimizer", "batch_size=32,64", "flip", minutes=2.5)
    study = Study(tmp_path / "s")
    study.directory.mkdir()
    write_json(study.directory / "job.json", json.loads(json.dumps(config, default=vars)))
    assert study.read_config() == config
    assert load_json(study.directory / "job.json", dict)["minutes"] == 2.5


def test_the_full_training_has_the_epochs_of_the_base_unless_they_are_varied():
    config = build_config("dropout", base={"epochs": 3}, full_epochs=20, full_training_fraction=1.0)
    full = config.build_full_config({"dropout": 0.3})
    assert (full.epochs, full.dropout, config.build_trial_config({}).epochs) == (20, 0.3, 3)
    varied = build_config("epochs", full_epochs=20)
    assert varied.build_full_config({"epochs": 7}).epochs == 7


def test_the_command_repeats_the_search():
    config = build_config("dropout=0:0.6", "optimizer=adam,sgd", base={"epochs": 2}, seed=3)
    assert config.format_command() == (
        "python -m digitlab tune --net simple_cnn --epochs 2 --vary dropout=0:0.6 "
        "--vary optimizer=adam,sgd --sampler tpe --pruner median --objective val_accuracy "
        "--trials 30 --study-seed 3"
    )
    on_cluster = replace(config, engine="ray", address="10.0.0.1:6379", cpus_per_trial=2.0)
    expected = f"{config.format_command()} --engine ray --cpus 2 --address 10.0.0.1:6379"
    assert on_cluster.format_command() == expected
