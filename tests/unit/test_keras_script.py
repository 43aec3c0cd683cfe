"""A run as a script in plain Keras: its text. `tests/worker/test_keras_script.py` runs it."""

import ast
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from digitlab.cli.main import main
from digitlab.datasets.registry import DATASETS
from digitlab.training.config import TrainConfig
from digitlab.training.keras_script import write_keras_script
from digitlab.training.recipes import RECIPES

RUFF = shutil.which("ruff", path=str(Path(sys.executable).parent))


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_script_of_every_recipe_is_readable(recipe):
    script = write_keras_script(RECIPES[recipe].config)
    assert not re.search("(import|from) digitlab", script)
    # A layer is a line; the shipped model's network has the most.
    assert len(script.splitlines()) <= (105 if recipe == "shipped" else 90)
    for command in (["format", "--check"], ["check", "--select", "E,F,I,B"]):
        done = subprocess.run(
            [RUFF, *command, "--line-length", "100", "--isolated", "-"],
            input=script, text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


def test_settings_that_keras_cannot_express_are_named():
    config = TrainConfig(
        dataset="handwriting", init_from="simple_cnn", augmentation=1.0, degradation=0.3,
        exclude_sample=False, calibrate=True,
    )  # fmt: skip
    left_out = [line for line in write_keras_script(config).splitlines() if "Left out" in line]
    for words in ("elastic", "faint strokes", "generated handwriting", "another model",
                  "calibration"):  # fmt: skip
        assert sum(words in line for line in left_out) == 1
    assert "Left out" not in write_keras_script(TrainConfig())


def test_the_name_of_a_data_set_stays_text(monkeypatch):
    evil = replace(DATASETS["mnist"], label='a"""\nimport os  # \\')
    monkeypatch.setitem(DATASETS, "mnist", evil)
    [docstring, *statements] = ast.parse(write_keras_script(TrainConfig())).body
    assert "import os" in ast.literal_eval(docstring.value)
    names = [alias.name for each in statements if isinstance(each, ast.Import)
             for alias in each.names]  # fmt: skip
    assert names == ["sys", "keras", "numpy"]


def test_code_of_a_model_a_recipe_and_settings_from_the_command_line(capsys, tmp_path):
    assert main(["code", "simple_cnn"]) == 0
    assert 'layers.Dense(64, activation="relu")' in capsys.readouterr().out
    path = tmp_path / "script.py"
    assert main(["code", "--recipe", "cifar10", "--epochs", "7", "-o", str(path)]) == 0
    assert "EPOCHS, BATCH_SIZE = 7, 128" in path.read_text()
    assert main(["code", "nothing"]) == 1
    assert "no run and no model nothing" in capsys.readouterr().err
    assert main(["code", "-o", str(tmp_path / "no/folder.py")]) == 1
    assert "cannot be written" in capsys.readouterr().err
