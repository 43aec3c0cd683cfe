import json
import re
from dataclasses import replace

import pytest

from benchmarks.shipped_models import SEEDS
from digitlab.cli.main import build_parser
from digitlab.cli.settings import read_settings
from digitlab.errors import ConfigError
from digitlab.paths import get_shipped_models_dir
from digitlab.training.config import TrainConfig
from digitlab.training.config_warnings import find_config_warnings
from digitlab.training.recipes import RECIPES, get_recipe


def parse(*arguments):
    return read_settings(build_parser().parse_args(["train", *arguments]))


def parse_train_command(command):
    return parse(*command.removeprefix("python -m digitlab train ").split())


def test_tutorial_recipes_match_the_tutorials():
    simple = RECIPES["simple_cnn"].config
    assert (simple.net, simple.epochs, simple.batch_size) == ("simple_cnn", 5, 64)
    assert (simple.validation_split, simple.loss) == (0.1, "sparse_categorical_crossentropy")
    three = RECIPES["three_conv_cnn"].config
    assert (three.net, three.epochs, three.validation_split) == ("three_conv_cnn", 10, 0.2)
    assert three.loss == "categorical_crossentropy"
    classic = RECIPES["cifar10_classic"].config
    assert (classic.dataset, classic.net, classic.epochs) == ("cifar10", "classic_cnn", 10)
    assert (classic.optimizer, classic.learning_rate, classic.batch_size) == ("adam", 0.001, 64)
    deeper = RECIPES["cifar10_vgg"].config
    assert (deeper.net, deeper.epochs, deeper.batch_size) == ("vgg_bn_cnn", 50, 64)
    # A tenth of 32 pixels.
    assert (deeper.rotation_deg, deeper.shift_px, deeper.zoom) == (15.0, 3.2, 0.2)
    assert deeper.flip
    # The test set chooses nothing.
    assert classic.validation_split == deeper.validation_split == 0.1


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.id)
def test_every_recipe_has_help_and_no_warning(recipe):
    assert re.fullmatch(r"[A-Z0-9].*\.", recipe.help)
    assert find_config_warnings(recipe.config) == []


def test_recipes_of_the_shipped_model_match_its_card():
    card = json.loads((get_shipped_models_dir() / "digitlab_cnn" / "card.json").read_text())
    best, *teachers, student = map(parse_train_command, card["command"].splitlines())
    assert RECIPES["shipped"].config == best
    assert all(replace(teacher, seed=best.seed) == best for teacher in teachers)
    assert student.init_from == f"teacher_{best.seed}"
    assert len(student.teachers) == len(teachers) + 1 == len(SEEDS)


def test_flags_override_set_and_set_overrides_the_recipe():
    config = parse(
        "--recipe", "three_conv_cnn", "--set", "epochs=3", "--set", "learning_rate=0.01",
        "--epochs", "4",
    )  # fmt: skip
    assert config == TrainConfig(
        net="three_conv_cnn", epochs=4, validation_split=0.2, learning_rate=0.01,
        loss="categorical_crossentropy",
    )  # fmt: skip


def test_a_boolean_of_a_recipe_can_be_turned_off():
    assert get_recipe("shipped").config.calibrate
    assert not parse("--recipe", "shipped", "--no-calibrate").calibrate
    assert not parse("--recipe", "shipped", "--set", "calibrate=false").calibrate
    assert parse("--recipe", "overfitting", "--set", "dropout=default").dropout is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--recipe", "magic"], "recipe is 'magic'; it must be one of simple_cnn"),
        (["--set", "epochs"], "write KEY=VALUE"),
        (["--set", "epochs=many"], "epochs is 'many'; it must be an integer"),
        (["--set", "flip=perhaps"], "flip is 'perhaps'; it must be true or false"),
        (["--set", "speed=3"], "speed: no such setting"),
        (["--set", "dropout=1"], "dropout is 1.0; it must be a number from 0 to 0.9, or default"),
    ],
)
def test_invalid_values_are_reported(arguments, sentence):
    with pytest.raises(ConfigError, match=sentence):
        parse(*arguments)
