import json
import shutil

import pytest

from digitlab.errors import ModelStoreError, RunError
from digitlab.evaluation.metrics import compute_metrics
from digitlab.evaluation.report import EvaluationReport
from digitlab.model_store.store import MODEL_FILES, get_model, list_models, shelve_run
from digitlab.paths import get_user_models_dir
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig

SHIPPED = ("digitlab_cnn", "simple_cnn")


def make_finished_run(model_id="simple_cnn"):
    """A run directory with a shipped model's files in it."""
    run = create_run(TrainConfig())
    for name in MODEL_FILES:
        shutil.copyfile(get_model(model_id).directory / name, run.directory / name)
    return run


def test_the_default_comes_first():
    assert [model.id for model in list_models()] == list(SHIPPED)


@pytest.mark.parametrize("model_id", SHIPPED)
def test_a_shipped_models_card_and_report_agree(model_id):
    model = get_model(model_id)
    report = EvaluationReport.load(model.directory / "report.npz")
    metrics = compute_metrics(report.labels, report.probabilities)
    test = model.card["test"]
    assert test["n"] == metrics["n"] == 10_000
    assert test["accuracy"] == metrics["accuracy"] == report.accuracy
    assert sum(map(sum, metrics["confusion"])) == 10_000
    assert model.card["config"]["exclude_sample"]
    assert not model.card["data"]["is_sample"]
    assert model.card["files"]["model.tflite"]["bytes"] <= 2_000_000
    assert model.open_reader().image_shape == (28, 28)


def test_the_shipped_model_is_good_enough():
    assert get_model("digitlab_cnn").accuracy >= 0.996
    assert get_model("simple_cnn").accuracy >= 0.985


def test_shelving_a_run_and_replacing_it():
    run = make_finished_run()
    shelve_run(run, "mine", label="My first")
    assert get_model("mine").label == "My first"
    shelve_run(run, "mine")
    assert get_model("mine").label == get_model("simple_cnn").label
    assert [model.id for model in list_models()] == [*SHIPPED, "mine"]
    assert [path.name for path in get_user_models_dir().iterdir()] == ["mine"]


@pytest.mark.parametrize("model_id", ["", "../evil", "My Model", ".hidden", "a" * 65])
def test_ids_that_are_no_folder_names_are_refused(model_id):
    with pytest.raises(ModelStoreError, match="cannot be a model's id"):
        shelve_run(make_finished_run(), model_id)


def test_an_unfinished_run_cannot_be_shelved():
    with pytest.raises(RunError, match=r"no finished model: model\.keras"):
        shelve_run(create_run(TrainConfig()), "mine")


def test_an_unknown_model_names_those_there_are():
    with pytest.raises(ModelStoreError, match=r"'resnet'.*digitlab_cnn, simple_cnn"):
        get_model("resnet")


def test_an_exchanged_model_file_is_refused():
    model = shelve_run(make_finished_run(), "mine")
    shutil.copyfile(
        get_model("digitlab_cnn").directory / "model.tflite", model.directory / "model.tflite"
    )
    with pytest.raises(ModelStoreError, match="is damaged"):
        get_model("mine").open_reader()


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"test": {}})])
def test_a_broken_card_hides_the_model_and_get_tells_why(content):
    model = shelve_run(make_finished_run(), "mine")
    (model.directory / "card.json").write_text(content)
    assert [each.id for each in list_models()] == list(SHIPPED)
    with pytest.raises(ModelStoreError, match="card of the model mine"):
        get_model("mine")


def test_a_shipped_models_id_is_taken():
    with pytest.raises(ModelStoreError, match="comes with digitlab"):
        shelve_run(make_finished_run(), "simple_cnn")


def test_a_bad_run_does_not_replace_a_good_model():
    shelve_run(make_finished_run(), "mine", label="Good")
    bad = make_finished_run()
    (bad.directory / "card.json").write_text("{}")
    with pytest.raises(ModelStoreError, match="lacks net"):
        shelve_run(bad, "mine")
    assert get_model("mine").label == "Good"
    assert [path.name for path in get_user_models_dir().iterdir()] == ["mine"]


def test_a_shelf_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DIGITLAB_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(ModelStoreError, match="cannot be put on the shelf"):
        shelve_run(make_finished_run(), "mine")
