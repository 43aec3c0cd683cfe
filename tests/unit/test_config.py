import json
import re
import shlex
from dataclasses import fields

import pytest

from digitlab.cli.main import build_parser
from digitlab.cli.settings import read_settings
from digitlab.datasets.registry import DATASETS
from digitlab.errors import ConfigError
from digitlab.nets.layers import ACTIVATIONS, DEFAULT_CHOICE
from digitlab.nets.registry import NETS
from digitlab.training.config import TrainConfig
from digitlab.training.fields import GROUPS, format_value
from digitlab.training.optimizers import OPTIMIZERS
from digitlab.training.recipes import RECIPES


@pytest.mark.parametrize(
    ("name", "value", "range_text"),
    [
        ("epochs", 0, "from 1 to 1000"),
        ("epochs", 2.5, "an integer"),
        ("epochs", True, "an integer"),
        ("batch_size", 5000, "from 1 to 4096"),
        ("learning_rate", float("nan"), "a number"),
        ("learning_rate", "fast", "a number"),
        ("validation_split", 1.0, "from 0 to 0.9"),
        ("net", "no such net", ", ".join(NETS)),
        ("dataset", "no such data", ", ".join(DATASETS)),
        ("optimizer", None, ", ".join(OPTIMIZERS)),
        ("exclude_sample", "yes", "true or false"),
        ("seed", -1, "from 0"),
        ("dropout", 1.0, "from 0 to 0.9, or default"),
        ("momentum", "much", "from 0 to 0.999, or default"),
        ("training_fraction", 0, "from 0.001 to 1"),
        ("activation", "no such function", ", ".join((DEFAULT_CHOICE, *ACTIVATIONS))),
        ("early_stopping", None, "an integer from 0"),
    ],
)
def test_error_names_field_value_and_range(name, value, range_text):
    with pytest.raises(ConfigError) as caught:
        TrainConfig(**{name: value})
    assert name in str(caught.value)
    assert repr(value) in str(caught.value)
    assert range_text in str(caught.value)


def test_only_mnist_has_a_sample_to_exclude():
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
def test_contradicting_settings_are_rejected(values, sentence):
    with pytest.raises(ConfigError, match=sentence):
        TrainConfig(**values)


def test_six_settings_are_basic_and_all_have_a_label_and_a_group():
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
def test_printed_command_repeats_the_run(config):
    arguments = shlex.split(config.format_command())
    assert arguments[:3] == ["python", "-m", "digitlab"]
    options = build_parser().parse_args(arguments[3:])
    assert read_settings(options) == config


@pytest.mark.parametrize("spec", fields(TrainConfig), ids=lambda spec: spec.name)
def test_help_is_complete_sentences(spec):
    assert re.fullmatch(r"[A-Z].*\.", spec.metadata["help"])
    for row in spec.metadata.get("choices", {}).values():
        assert re.fullmatch(r"([A-Z0-9].*\.)?", row.help), row


@pytest.mark.parametrize("spec", fields(TrainConfig), ids=lambda spec: spec.name)
def test_ids_are_lower_snake_case_and_labels_are_display_names(spec):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", spec.name)
    assert spec.metadata["label"][0].isupper()
    for key, row in spec.metadata.get("choices", {}).items():
        assert key == row.id
        assert re.fullmatch(r"[a-z][a-z0-9_]*", row.id)
        assert "_" not in row.label


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("optimizer", "momentum", "SGD with momentum"),
        ("schedule", "cosine", "Cosine with warm-up"),
        ("net", "simple_cnn", "Simple CNN"),
        ("activation", "relu", "ReLU"),
        ("activation", "default", "Default"),
        ("dropout", None, "default"),
        ("learning_rate", 0.0005, "0.0005"),
        ("flip", True, "yes"),
        ("init_from", "", "random"),
        ("epochs", 12, "12"),
    ],
)
def test_values_for_display(name, value, text):
    spec = next(spec for spec in fields(TrainConfig) if spec.name == name)
    assert format_value(spec, value) == text


def test_help_of_a_flag_lists_its_choices(capsys):
    with pytest.raises(SystemExit):
        build_parser().parse_args(["train", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "momentum: Accumulates past gradients." in text
    assert "(default: adam)" in text
