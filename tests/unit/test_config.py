import json
import re
import shlex
from dataclasses import fields

import pytest

from digitlab.cli.main import build_parser
from digitlab.cli.settings import read_settings
from digitlab.errors import ConfigError
from digitlab.training.config import TrainConfig
from digitlab.training.fields import GROUPS
from digitlab.training.recipes import RECIPES


@pytest.mark.parametrize(
    ("name", "value", "range_text"),
    [
        ("epochs", 0, "from 1 to 1000"),
        ("epochs", 2.5, "a whole number"),
        ("epochs", True, "a whole number"),
        ("batch_size", 5000, "from 1 to 4096"),
        ("learning_rate", float("nan"), "a number"),
        ("learning_rate", "fast", "a number"),
        ("validation_split", 1.0, "from 0.0 to 0.9"),
        ("net", "resnet", "simple_cnn, three_conv_cnn, digitlab_cnn"),
        ("dataset", "emnist", "mnist, fashion_mnist, cifar10"),
        ("optimizer", None, "adam, adamw"),
        ("exclude_sample", "yes", "true or false"),
        ("seed", -1, "from 0"),
        ("dropout", 1.0, "from 0.0 to 0.9, or default"),
        ("momentum", "much", "from 0.0 to 0.999, or default"),
        ("training_fraction", 0, "from 0.001 to 1.0"),
        ("activation", "step", "default, relu, tanh"),
        ("early_stopping", None, "a whole number from 0"),
    ],
)
def test_a_bad_value_names_field_value_and_range(name, value, range_text):
    with pytest.raises(ConfigError) as caught:
        TrainConfig(**{name: value})
    assert name in str(caught.value)
    assert repr(value) in str(caught.value)
    assert range_text in str(caught.value)


def test_only_mnist_has_a_sample_to_leave_out():
    with pytest.raises(ConfigError, match=r"exclude_sample.*fashion_mnist"):
        TrainConfig(dataset="fashion_mnist", exclude_sample=True)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"calibrate": True, "validation_split": 0.0}, "calibrate is set, but validation_split"),
        (
            {"dataset": "cifar10", "degradation": 0.3},
            "degradation is 0.3, but dataset is 'cifar10'",
        ),
    ],
)
def test_what_cannot_go_together_says_why(values, sentence):
    with pytest.raises(ConfigError, match=sentence):
        TrainConfig(**values)


def test_a_beginner_sees_six_settings_and_every_setting_has_its_place():
    specs = fields(TrainConfig)
    basic = {spec.name for spec in specs if spec.metadata["is_basic"]}
    assert basic == {"dataset", "net", "epochs", "batch_size", "learning_rate", "optimizer"}
    assert {spec.metadata["group"] for spec in specs} == set(GROUPS)
    labels = [spec.metadata["label"] for spec in specs]
    assert all(labels)
    assert len(set(labels)) == len(labels)


def test_json_round_trip_and_unknown_settings():
    config = TrainConfig(net="digitlab_cnn", epochs=7, augmentation=0.5, elastic=0.0, seed=3)
    assert json.loads(json.dumps(config.to_json()))["momentum"] is None
    assert TrainConfig.from_json(config.to_json()) == config
    with pytest.raises(ConfigError, match="speed: no such setting"):
        TrainConfig.from_json({"speed": 0.9})


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(),
        TrainConfig(net="digitlab_cnn", optimizer="adamw", weight_decay=1e-3, exclude_sample=True),
        TrainConfig(dropout=0.0, optimizer="momentum", momentum=0.8, rotation_deg=12.5, flip=True),
        *(recipe.config for recipe in RECIPES.values()),
    ],
)
def test_the_printed_command_repeats_the_run(config):
    words = shlex.split(config.format_command())
    assert words[:3] == ["python", "-m", "digitlab"]
    options = build_parser().parse_args(words[3:])
    assert read_settings(options) == config


def test_every_field_explains_itself():
    for spec in fields(TrainConfig):
        assert re.match(r"[a-z]", spec.metadata["help"])
