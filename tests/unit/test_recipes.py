import json
from dataclasses import replace

import pytest

from digitlab.cli.main import build_parser
from digitlab.cli.settings import read_settings
from digitlab.errors import ConfigError
from digitlab.paths import get_shipped_models_dir
from digitlab.training.config import TrainConfig
from digitlab.training.config_warnings import find_config_warnings
from digitlab.training.recipes import RECIPES, get_recipe


def parse(*arguments):
    return read_settings(build_parser().parse_args(["train", *arguments]))


def test_the_tutorials_recipes_are_the_tutorials_runs():
    simple = RECIPES["simple_cnn"].config
    assert (simple.net, simple.epochs, simple.batch_size) == ("simple_cnn", 5, 64)
    assert (simple.validation_split, simple.loss) == (0.1, "sparse_categorical_crossentropy")
    three = RECIPES["three_conv_cnn"].config
    assert (three.net, three.epochs, three.validation_split) == ("three_conv_cnn", 10, 0.2)
    assert three.loss == "categorical_crossentropy"


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.id)
def test_every_recipe_teaches_something_and_raises_no_doubt(recipe):
    assert recipe.help.endswith((".", ")."))
    assert find_config_warnings(recipe.config) == []


def test_the_shipped_models_recipes_are_what_its_card_says():
    card = json.loads((get_shipped_models_dir() / "digitlab_cnn" / "card.json").read_text())
    # The last epochs begin with a model that began with another; neither is on the shelf.
    base = card["start"]["start"]
    for recipe_id, command in (
        ("shipped", card["start"]["command"]),
        ("digitlab_cnn", base["command"]),
    ):
        words = command.split()
        config = parse(*words[words.index("train") + 1 :])
        if config.init_from:
            config = replace(config, init_from="digitlab_cnn")
        assert RECIPES[recipe_id].config == config


def test_flags_win_over_assignments_and_those_over_the_recipe():
    config = parse(
        "--recipe", "three_conv_cnn", "--set", "epochs=3", "--set", "learning_rate=0.01",
        "--epochs", "4",
    )  # fmt: skip
    assert config == TrainConfig(
        net="three_conv_cnn", epochs=4, validation_split=0.2, learning_rate=0.01,
        loss="categorical_crossentropy",
    )  # fmt: skip


def test_a_recipes_switch_can_be_turned_off():
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
        (["--set", "dropout=1"], "dropout is 1.0; it must be a number from 0.0 to 0.9, or default"),
    ],
)
def test_what_cannot_be_read_is_said_so(arguments, sentence):
    with pytest.raises(ConfigError, match=sentence):
        parse(*arguments)
