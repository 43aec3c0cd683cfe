"""The Models page in Streamlit's test driver."""

import shutil

import pytest

from digitlab.errors import ModelStoreError
from digitlab.evaluation.exports import ExportedFile, save_exports
from digitlab.evaluation.results_cache import get_results_dir
from digitlab.files import write_json
from digitlab.model_store.formats import MODEL_FORMATS, TFLITE
from digitlab.model_store.store import add_imported_model, get_model, list_models, save_model
from tests.app.page_text import read_texts
from tests.app.runs import create_finished_run


@pytest.fixture
def user_model():
    return save_model(create_finished_run(), label="My model")


@pytest.fixture
def models_page(app):
    app.run()
    return app.switch_page("pages/models.py").run()


def test_cards_of_the_shipped_models_are_shown(models_page):
    shipped = [get_model(model_id) for model_id in ("digitlab_cnn", "simple_cnn")]
    accuracies = [metric.value for metric in models_page.metric if "Accuracy" in metric.label]
    assert accuracies == [f"{model.accuracy:.2%}" for model in shipped]
    assert [code.value for code in models_page.code] == [model.card["command"] for model in shipped]


def test_every_saved_format_and_the_card_can_be_downloaded(models_page):
    labels = [button.label for button in models_page.get("download_button")]
    expected = []
    for model in map(get_model, ("digitlab_cnn", "simple_cnn")):
        saved = [each for each in MODEL_FORMATS if (model.directory / each.file_name).is_file()]
        assert all(each in saved for each in MODEL_FORMATS if each.is_required)
        expected += [*(each.label for each in saved), "Model card"]
    assert labels == expected


@pytest.mark.parametrize(("seconds", "text"), [(8.2, "in 8 s"), (200.0, "in 3 min 20 s")])
def test_short_trainings_are_not_rounded_to_0_minutes(user_model, models_page, seconds, text):
    card = user_model.card | {"training": user_model.card["training"] | {"seconds": seconds}}
    write_json(user_model.directory / "card.json", card)
    models_page.run()
    assert f"{text}. To train it again" in read_texts(models_page.markdown)


def test_shipped_models_can_be_neither_renamed_nor_deleted(models_page):
    keys = [button.key for button in models_page.button]
    assert not any("rename" in key or "delete" in key for key in keys)


@pytest.mark.parametrize("label", ["Моя модель", "手写数字", "🙂", "*a* & <b>"])
def test_model_can_be_renamed_to_any_label(user_model, models_page, label):
    models_page.text_input(key=f"models_label_{user_model.id}").set_value(label)
    models_page.button(key=f"models_rename_confirm_{user_model.id}").click().run()
    assert not models_page.exception and not models_page.error
    assert get_model(user_model.id).label == label
    assert label in read_texts(models_page.subheader).splitlines()


def test_label_of_another_model_is_refused(user_model, models_page):
    models_page.text_input(key=f"models_label_{user_model.id}").set_value("Simple CNN")
    models_page.button(key=f"models_rename_confirm_{user_model.id}").click().run()
    assert "already a model named “Simple CNN”" in read_texts(models_page.error)
    assert get_model(user_model.id).label == "My model"
    models_page.run()
    assert not models_page.error


def test_model_is_deleted_after_a_question(user_model, models_page):
    assert "Delete My model and its files?" in read_texts(models_page.markdown)
    models_page.button(key=f"models_delete_confirm_{user_model.id}").click().run()
    assert not models_page.exception and not models_page.error
    assert user_model.id not in [model.id for model in list_models()]
    assert "My model" not in read_texts(models_page.subheader)


def test_model_deleted_in_another_session_is_reported(user_model, models_page):
    key = f"models_delete_confirm_{user_model.id}"
    for path in user_model.directory.iterdir():
        path.unlink()
    models_page.button(key=key).click().run()
    assert not models_page.exception
    assert "no model 'my_model'" in read_texts(models_page.error)


def test_damaged_model_can_be_deleted(user_model, app):
    (user_model.directory / "card.json").write_text("null")
    app.run()
    app.switch_page("pages/models.py").run()
    assert "The card of the model my_model is damaged" in read_texts(app.error)
    app.button(key="models_delete_confirm_my_model").click().run()
    assert not app.exception and not app.error
    assert not user_model.directory.exists()
    with pytest.raises(ModelStoreError):
        get_model("my_model")


def test_page_without_models_says_what_to_do(app, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "digitlab.model_store.store.get_shipped_models_dir", lambda: tmp_path / "nothing"
    )
    app.run()
    app.switch_page("pages/models.py").run()
    assert "There is no model. Train one" in read_texts(app.info)


def test_models_are_found_filtered_and_sorted(user_model, models_page):
    def read_names():
        return [header.value for header in models_page.subheader]

    card = user_model.card | {"created": "2030-01-01T00:00:00Z"}
    write_json(user_model.directory / "card.json", card)
    by_accuracy = sorted(list_models(), key=lambda model: -model.accuracy)
    assert read_names() == [model.label for model in by_accuracy]
    models_page.selectbox(key="models_order").set_value("Name").run()
    assert read_names() == ["digitlab CNN", "My model", "Simple CNN"]
    models_page.selectbox(key="models_order").set_value("Newest").run()
    assert read_names()[0] == "My model"
    models_page.text_input(key="models_find").set_value("simple_CNN").run()
    assert set(read_names()) == {"My model", "Simple CNN"}
    models_page.selectbox(key="models_kind").set_value("Images").run()
    assert not models_page.exception
    assert "No model matches. Clear the filter." in read_texts(models_page.info)


def test_exports_are_compared_downloaded_and_deleted_with_their_model(user_model, models_page):
    h5, onnx = (each for each in MODEL_FORMATS if each.id in ("h5", "onnx"))
    folder = get_results_dir(user_model) / "exports"
    folder.mkdir(parents=True)
    (folder / h5.file_name).write_bytes(b"content")
    measured = [
        ExportedFile("h5", 1_500_000, 0.5, 1000, 0.9876, 1.0, 0.0),
        ExportedFile("onnx", note="ONNX is missing: <b>"),
    ]
    save_exports(folder, measured)
    models_page.run()
    assert not models_page.exception
    labels = [button.label for button in models_page.get("download_button")]
    assert h5.label in labels
    assert onnx.label not in labels
    [table] = models_page.table
    assert table.value.iloc[0].tolist()[:4] == ["HDF5", "1.50 MB", "0.50 ms", "98.76%"]
    assert "ONNX is missing" in read_texts(models_page.caption)
    models_page.button(key=f"models_delete_confirm_{user_model.id}").click().run()
    assert not folder.exists()


@pytest.fixture
def imported_model(tmp_path):
    """A shipped model as if it had been imported: as `.tflite`, without its settings."""
    shipped = get_model("simple_cnn")
    for name in (TFLITE.file_name, "report.npz"):
        shutil.copyfile(shipped.directory / name, tmp_path / name)
    origin = {
        "file_name": "*mine*.tflite",
        "sha256": "0" * 64,
        "format": TFLITE.label,
        "changes": ["It takes pixels from 0 to 1."],
    }
    card = shipped.card | {
        "net": "",
        "config": {},
        "command": "",
        "files": {TFLITE.file_name: shipped.card["files"][TFLITE.file_name]},
        "imported": origin,
    }
    write_json(tmp_path / "card.json", card)
    return add_imported_model(tmp_path, "Brought along")


def test_an_imported_model_says_where_it_comes_from(imported_model, models_page):
    assert not models_page.exception and not models_page.error
    assert "Imported from *mine*.tflite, tested on MNIST" in read_texts(models_page.caption)
    assert "It takes pixels from 0 to 1." in read_texts(models_page.markdown)
    assert "came as `.tflite`" in read_texts(models_page.caption)
    keys = [button.key for button in models_page.get("download_button")]
    assert f"models_{imported_model.id}_model.tflite" in keys
    assert f"models_{imported_model.id}_model.keras" not in keys
    models_page.button(key=f"models_delete_confirm_{imported_model.id}").click().run()
    assert imported_model.id not in [model.id for model in list_models()]


def test_an_imported_model_is_evaluated_and_drawn_with_but_not_taught(imported_model, app):
    app.run()
    app.selectbox(key="draw_model").set_value(imported_model.id).run()
    assert not app.exception and not app.error
    help_text = app.button(key="teach_start").proto.help
    assert help_text == "This model was imported. Choose one that was trained here."
    app.switch_page("pages/train.py").run()
    options = app.selectbox(key="train_init_from").options
    assert "Simple CNN" in options
    assert "Brought along" not in options
    app.switch_page("pages/evaluate.py").run()
    app.selectbox(key="evaluate_model").set_value(imported_model.id).run()
    assert not app.exception and not app.error


def test_imports_are_off_where_others_may_use_the_app(hosted, models_page, monkeypatch):
    assert "Importing models is off" in read_texts(models_page.caption)
    assert not models_page.get("file_uploader")
    monkeypatch.setenv("DIGITLAB_HOSTING", "off")
    models_page.run()
    assert len(models_page.get("file_uploader")) == 1
    assert models_page.button(key="models_import_start").disabled
