"""Commands that save, rename and delete models."""

import pytest

from digitlab.cli.main import main
from digitlab.model_store.store import get_model, list_models
from digitlab.runs.run import list_runs
from tests.unit.test_model_store import make_finished_run


def run_command(capsys, *arguments):
    """Run one command; its exit code and what it printed."""
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out + err


def test_save_model_asks_before_replacing(capsys):
    run = make_finished_run()
    code, output = run_command(capsys, "save-model", run.id, "Моя модель")
    assert code == 0, output
    (model,) = [model for model in list_models() if not model.is_shipped]
    assert model.label == "Моя модель"
    assert model.id in output

    code, output = run_command(capsys, "save-model", run.id, "Моя модель")
    assert code == 1
    assert output.startswith("digitlab: A model named Моя модель exists. Add --replace")
    assert output.count("\n") == 1
    assert run_command(capsys, "save-model", run.id, "Моя модель", "--replace")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--save-as", "Mine"], "A model named Mine exists. Add --replace"),
        (["--save-as", "mine"], "A model named Mine exists. Add --replace"),
        (["--save-as", "Simple CNN"], "A model named Simple CNN exists. Choose another name."),
        (["--save-as", "Simple CNN", "--replace"], "Choose another name."),
        (["--save-as", " "], "has no name"),
    ],
)
def test_train_checks_the_name_before_it_starts(capsys, arguments, message):
    run = make_finished_run()
    assert run_command(capsys, "save-model", run.id, "Mine")[0] == 0
    code, output = run_command(capsys, "train", *arguments)
    assert code == 1
    assert message in output
    assert [run.id for run in list_runs()] == [run.id]


def test_rename_and_delete(capsys):
    run_command(capsys, "save-model", make_finished_run().id, "mine")
    assert run_command(capsys, "rename-model", "mine", "Better name")[0] == 0
    assert get_model("mine").label == "Better name"
    assert "Better name" in run_command(capsys, "models")[1]
    assert run_command(capsys, "delete-model", "mine")[0] == 0
    assert "Better name" not in run_command(capsys, "models")[1]


@pytest.mark.parametrize(
    "command", [["rename-model", "simple_cnn", "x"], ["delete-model", "simple_cnn"]]
)
def test_shipped_models_are_protected(capsys, command):
    code, output = run_command(capsys, *command)
    assert code == 1
    assert "comes with digitlab" in output


def test_a_damaged_card_hides_no_other_model(capsys):
    run_command(capsys, "save-model", make_finished_run().id, "mine")
    (get_model("mine").directory / "card.json").write_text("[]")
    code = main(["models"])
    out, err = capsys.readouterr()
    assert code == 0
    assert "simple_cnn" in out
    assert "mine" in err
