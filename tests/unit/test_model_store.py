import json
import shutil

import pytest

from digitlab.cli.main import build_parser, main
from digitlab.cli.settings import read_settings
from digitlab.errors import ModelExistsError, ModelStoreError, OwnerError, RunError
from digitlab.evaluation.metrics import compute_metrics
from digitlab.evaluation.report import EvaluationReport
from digitlab.files import write_json
from digitlab.model_store import formats
from digitlab.model_store.formats import MODEL_FORMATS, find_model_files
from digitlab.model_store.store import (
    delete_model,
    get_model,
    list_damaged_models,
    list_models,
    rename_model,
    save_model,
)
from digitlab.nets.summary import compute_layer_table
from digitlab.paths import get_user_models_dir
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig

SHIPPED = ("digitlab_cnn", "simple_cnn")


def make_finished_run(model_id="simple_cnn", **values):
    """A run directory with a shipped model's files in it."""
    run = create_run(TrainConfig(), **values)
    directory = get_model(model_id).directory
    for name in find_model_files(directory)[0]:
        shutil.copyfile(directory / name, run.directory / name)
    return run


def change_card(directory, **changes):
    write_json(directory / "card.json", json.loads((directory / "card.json").read_text()) | changes)


def list_user_folders():
    return sorted(path.name for path in get_user_models_dir().iterdir())


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
    assert model.size_bytes <= (4_000_000 if model_id == "digitlab_cnn" else 2_000_000)
    assert model.open_reader().image_shape == (28, 28)
    n_classes = 11 if model_id == "digitlab_cnn" else 10
    table = compute_layer_table(model.card["net"], (28, 28), n_classes)
    assert model.card["n_parameters"] == table.n_parameters


@pytest.mark.parametrize("model_id", SHIPPED)
def test_a_shipped_models_commands_work_on_a_fresh_clone(model_id):
    """Each option exists, and each source model is shipped or saved by an earlier command."""
    available = {"", *SHIPPED}
    for line in get_model(model_id).card["command"].splitlines():
        assert line.startswith("python -m digitlab ")
        options = build_parser().parse_args(line.split()[3:])
        config = read_settings(options)
        assert config.init_from in available
        available.add(options.save_as)
    assert config == TrainConfig(**get_model(model_id).card["config"])


def test_shipped_models_are_accurate_enough():
    assert get_model("digitlab_cnn").accuracy >= 0.996
    assert get_model("simple_cnn").accuracy >= 0.985


def test_save_a_run_under_a_label():
    model = save_model(make_finished_run(), label="My  first\nmodel")
    assert (model.id, model.label, model.owner) == ("my_first_model", "My first model", "local")
    assert [each.id for each in list_models()] == [*SHIPPED, "my_first_model"]
    assert list_user_folders() == ["my_first_model"]
    names = {path.name for path in model.directory.iterdir()}
    assert names == set(find_model_files(get_model("simple_cnn").directory)[0])
    required = {each.file_name for each in MODEL_FORMATS if each.is_required}
    assert names >= required | {"report.npz", "card.json"}


def test_each_file_is_downloaded_under_its_own_name():
    quantized = formats.ModelFormat("int8", "model_int8.tflite", "TFLite int8", "For tests.")
    names = [each.get_download_name("mine") for each in (*MODEL_FORMATS, quantized)]
    assert names[-1] == "mine_int8.tflite"
    assert "mine.tflite" in names
    assert len(set(names)) == len(names)


def test_a_run_without_an_optional_format_can_be_saved(monkeypatch):
    optional = formats.ModelFormat("optional", "model.optional", "Optional", "For tests.")
    monkeypatch.setattr(formats, "MODEL_FORMATS", (*MODEL_FORMATS, optional))
    without, with_file = make_finished_run(), make_finished_run()
    (with_file.directory / optional.file_name).write_text("model")
    assert not (save_model(without, label="A").directory / optional.file_name).exists()
    assert (save_model(with_file, label="B").directory / optional.file_name).is_file()


def test_a_label_defaults_to_the_runs_name_then_to_the_id():
    assert save_model(make_finished_run(label="Monday")).label == "Monday"
    assert save_model(make_finished_run(), model_id="tuesday").label == "tuesday"


@pytest.mark.parametrize(
    ("label", "model_id"),
    [("Été 3×3", "ete_33"), ("Ziffern – groß", "ziffern_gro"), ("a" * 80, "a" * 56)],
)
def test_ids_are_made_from_labels(label, model_id):
    assert save_model(make_finished_run(), label=label).id == model_id


@pytest.mark.parametrize("label", ["Моя модель", "手写数字", "✏️", "أرقام"])
def test_labels_in_any_script_are_accepted(label):
    model = save_model(make_finished_run(), label=label)
    assert model.id.startswith("model_")
    assert get_model(model.id).label == label
    another = save_model(make_finished_run(), label=f"{label} 2")
    assert another.id != model.id


def test_an_existing_model_is_replaced_only_on_request():
    save_model(make_finished_run("digitlab_cnn"), label="Mine")
    with pytest.raises(ModelExistsError, match="There is a model mine already"):
        save_model(make_finished_run(), label="mine")
    assert get_model("mine").card["net"] == "digitlab_resnet"
    assert save_model(make_finished_run(), label="mine", replace=True).id == "mine"
    assert get_model("mine").card["net"] == "simple_cnn"
    with pytest.raises(ModelExistsError):
        save_model(make_finished_run(), label="Another", model_id="mine")
    assert list_user_folders() == ["mine"]


def test_different_labels_with_the_same_letters_get_different_ids():
    first = save_model(make_finished_run(), label="Best!")
    second = save_model(make_finished_run(), label="Best?")
    assert (first.id, second.id) == ("best", "best_2")
    with pytest.raises(ModelExistsError, match="already a model named “Best!”"):
        rename_model("best_2", "best!")
    with pytest.raises(ModelExistsError, match="already a model named “Best!”"):
        save_model(make_finished_run(), label="Best!", model_id="third", replace=True)


def test_rename_and_delete_a_model():
    save_model(make_finished_run(), label="Mine")
    assert rename_model("mine", " Yours ").label == "Yours"
    assert get_model("mine").label == "Yours"
    assert get_model("mine").open_reader().image_shape == (28, 28)
    delete_model("mine")
    assert list_user_folders() == []
    with pytest.raises(ModelStoreError, match="no model 'mine'"):
        delete_model("mine")


def test_shipped_models_are_protected():
    for change in (
        lambda: delete_model("simple_cnn"),
        lambda: rename_model("simple_cnn", "Mine"),
        lambda: save_model(make_finished_run(), model_id="simple_cnn", replace=True),
        lambda: save_model(make_finished_run(), label="Simple CNN", replace=True),
    ):
        with pytest.raises(ModelStoreError, match="comes with digitlab"):
            change()
    assert save_model(make_finished_run(), label="Simple-CNN").id == "simple_cnn_2"


def test_another_users_model_cannot_be_changed():
    save_model(make_finished_run(), label="Mine")
    for change in (
        lambda: delete_model("mine", owner="ada"),
        lambda: rename_model("mine", "Hers", owner="ada"),
        lambda: save_model(make_finished_run(owner="ada"), label="Mine", replace=True, owner="ada"),
        lambda: save_model(make_finished_run(owner="ada"), label="Hers", owner="bob"),
    ):
        with pytest.raises(OwnerError, match="belongs to another user"):
            change()
    assert get_model("mine").label == "Mine"


def test_a_model_is_its_owners_until_the_operator_publishes_it():
    theirs = save_model(make_finished_run(owner="ada"), label="First", owner="ada")
    assert theirs in list_models(viewer="ada") and theirs in list_models()
    assert theirs not in list_models(viewer="bob")
    with pytest.raises(ModelStoreError) as caught:
        get_model("unknown")
    assert theirs.id not in str(caught.value)
    # Of a model that he does not see, Bob can take the name.
    bobs = save_model(make_finished_run(owner="bob"), label="First", owner="bob")
    assert bobs.id != theirs.id
    assert main(["publish-model", theirs.id]) == 0
    assert get_model(theirs.id) in list_models(viewer="bob")
    with pytest.raises(OwnerError):
        delete_model(theirs.id, owner="ada")
    assert main(["publish-model", bobs.id]) == 1
    rename_model(bobs.id, "Second", owner="bob")
    assert main(["publish-model", bobs.id]) == 0


@pytest.mark.parametrize("label", ["   ", "\n", "\u200b", "x" * 81])
def test_empty_and_long_labels_are_refused(label):
    with pytest.raises(ModelStoreError, match=r"no name|at most 80"):
        save_model(make_finished_run(), label=label)
    save_model(make_finished_run(), label="Mine")
    with pytest.raises(ModelStoreError, match=r"no name|at most 80"):
        rename_model("mine", label)


@pytest.mark.parametrize("model_id", ["", "../evil", "My Model", ".hidden", "a" * 65])
def test_invalid_ids_are_refused(model_id):
    with pytest.raises(ModelStoreError, match="not a valid model id"):
        save_model(make_finished_run(), model_id=model_id)


def test_an_unfinished_run_cannot_be_saved():
    with pytest.raises(RunError, match=r"no finished model: model\.keras"):
        save_model(create_run(TrainConfig()), label="Mine")


def test_an_unknown_model_lists_the_available_ones():
    with pytest.raises(ModelStoreError, match=r"'resnet'.*digitlab_cnn, simple_cnn"):
        get_model("resnet")


def test_an_exchanged_model_file_is_refused():
    model = save_model(make_finished_run(), label="Mine")
    shutil.copyfile(
        get_model("digitlab_cnn").directory / "model.tflite", model.directory / "model.tflite"
    )
    with pytest.raises(ModelStoreError, match="is damaged"):
        get_model("mine").open_reader()


CARD = json.loads((get_model("simple_cnn").directory / "card.json").read_text())


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        json.dumps({"test": {}}),
        json.dumps(CARD | {"test": CARD["test"] | {"accuracy": "x"}}),
        json.dumps(CARD | {"test": CARD["test"] | {"accuracy": 99.0}}),
        json.dumps(CARD | {"label": 5}),
        json.dumps(CARD | {"data": CARD["data"] | {"notes": "none"}}),
        json.dumps(CARD | {"files": {}}),
    ],
    ids=range(10),
)
def test_a_damaged_card_affects_only_its_model(content):
    model = save_model(make_finished_run(), label="Mine")
    (model.directory / "card.json").write_text(content)
    assert [each.id for each in list_models()] == list(SHIPPED)
    assert list(list_damaged_models()) == ["mine"]
    with pytest.raises(ModelStoreError, match="card of the model mine is damaged") as caught:
        get_model("mine")
    assert str(model.directory) not in str(caught.value)
    delete_model("mine")
    assert list_damaged_models() == {}


def test_a_model_of_an_unknown_data_set_is_listed_but_reads_no_digits():
    model = save_model(make_finished_run(), label="Mine")
    change_card(model.directory, data=model.card["data"] | {"dataset": "svhn"})
    assert not get_model("mine").reads_digits


def test_a_damaged_run_does_not_replace_a_model():
    save_model(make_finished_run(), label="Mine")
    bad = make_finished_run()
    (bad.directory / "card.json").write_text("{}")
    with pytest.raises(ModelStoreError, match="damaged: label: Field required"):
        save_model(bad, label="Mine", replace=True)
    assert get_model("mine").label == "Mine"
    assert list_user_folders() == ["mine"]


def test_a_models_folder_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DIGITLAB_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(ModelStoreError, match="saved models cannot be changed: Not a directory"):
        save_model(make_finished_run(), label="Mine")
