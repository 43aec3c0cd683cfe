import re
import shlex
from dataclasses import fields

import pytest

from digitlab.cli import _build_parser
from digitlab.errors import ConfigError
from digitlab.training.config import TrainConfig


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


def test_json_round_trip_and_unknown_settings():
    config = TrainConfig(net="digitlab_cnn", epochs=7, augmentation=0.5, seed=3)
    assert TrainConfig.from_json(config.to_json()) == config
    with pytest.raises(ConfigError, match="momentum: no such setting"):
        TrainConfig.from_json({"momentum": 0.9})


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(),
        TrainConfig(net="digitlab_cnn", optimizer="adamw", weight_decay=1e-3, exclude_sample=True),
    ],
)
def test_the_printed_command_repeats_the_run(config):
    words = shlex.split(config.format_command())
    assert words[:3] == ["python", "-m", "digitlab"]
    options = _build_parser().parse_args(words[3:])
    assert TrainConfig(**{f.name: getattr(options, f.name) for f in fields(TrainConfig)}) == config


def test_every_field_explains_itself():
    for spec in fields(TrainConfig):
        assert re.match(r"[a-z]", spec.metadata["help"])
