"""Every page through Streamlit's own test driver; drawing itself is tested in a browser."""

import shutil
import subprocess
import sys

import pytest

from digitlab.files import write_json
from digitlab.model_store.formats import find_model_files
from digitlab.model_store.store import get_model, shelve_run
from digitlab.runs.control import follow_run, stop_run
from digitlab.runs.run import create_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig
from digitlab.training.recipes import RECIPES
from tests.conftest import PROJECT_DIR, TRAINING_PACKAGES
from tests.unit.histories import write_history

PAGES = sorted(f"pages/{path.name}" for path in (PROJECT_DIR / "pages").glob("*.py"))


def put_sample_model_on_the_shelf():
    """A model whose card says it was tested on the offline sample."""
    run = create_run(TrainConfig())
    shipped = get_model("simple_cnn").directory
    for name in find_model_files(shipped)[0]:
        shutil.copyfile(shipped / name, run.directory / name)
    card = get_model("simple_cnn").card
    card["data"] |= {"is_sample": True, "notes": ["This is the offline sample of 5,000 digits."]}
    write_json(run.directory / "card.json", card)
    shelve_run(run, model_id="from_sample", label="From the sample")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_renders(app, page):
    app.run()
    app.switch_page(page).run()
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1


def test_the_blank_draw_page_invites(app):
    app.run()
    assert app.title[0].value == "Draw a digit"
    assert app.button(key="draw_undo").disabled
    assert app.button(key="draw_clear").disabled
    assert any("Draw a digit, 0 to 9" in part.proto.body for part in app.get("html"))
    assert not any('data-testid="digit"' in part.proto.body for part in app.get("html"))
    assert [option.split(" · ")[0] for option in app.selectbox(key="draw_model").options] == [
        "digitlab CNN",
        "Simple CNN",
    ]


def test_the_sample_is_named_wherever_its_figures_stand(app):
    put_sample_model_on_the_shelf()
    app.run()
    app.selectbox(key="draw_model").select("from_sample").run()
    assert any("offline sample" in caption.value for caption in app.caption)
    app.switch_page("pages/models.py").run()
    assert any("offline sample" in warning.value for warning in app.warning)


def test_the_models_page_shows_the_cards(app):
    app.run()
    app.switch_page("pages/models.py").run()
    accuracies = [metric.value for metric in app.metric if "Accuracy" in metric.label]
    assert accuracies == [
        f"{get_model(model_id).accuracy:.2%}" for model_id in ("digitlab_cnn", "simple_cnn")
    ]
    assert [code.value for code in app.code] == [
        get_model(model_id).card["command"] for model_id in ("digitlab_cnn", "simple_cnn")
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_works_without_the_training_packages(page):
    """In a fresh process, as after the first minute of `make run`; so none loads TensorFlow."""
    program = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({TRAINING_PACKAGES!r}))\n"
        "from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file('app.py', default_timeout=30).run()\n"
        f"app.switch_page({page!r}).run()\n"
        "assert not app.exception, app.exception\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_damaged_model_is_explained_and_another_can_be_chosen(app):
    put_sample_model_on_the_shelf()
    (get_model("from_sample").directory / "model.tflite").write_bytes(b"damaged")
    app.run()
    app.selectbox(key="draw_model").select("from_sample").run()
    assert not app.exception
    assert "from_sample is damaged" in app.error[0].value
    app.selectbox(key="draw_model").select("simple_cnn").run()
    assert not app.error


def test_an_empty_shelf_says_what_to_do(app, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "digitlab.model_store.store.get_shipped_models_dir", lambda: tmp_path / "nothing"
    )
    app.run()
    assert not app.exception
    assert "no model on the shelf. Train one" in app.error[0].value


def find_view_control(app):
    """Its key is another one after each turn."""
    return next(one for one in app.segmented_control if one.label == "What to do")


@pytest.fixture
def train_app(app):
    app.run()
    return app.switch_page("pages/train.py").run()


def test_the_train_page_without_a_run_says_what_to_do(train_app):
    assert train_app.title[0].value == "Train a network"
    assert not train_app.button(key="train_start").disabled
    for view, words in (("watch", "press Start training"), ("compare", "Train a network first")):
        find_view_control(train_app).set_value(view).run()
        assert not train_app.exception
        assert any(words in info.value for info in train_app.info)


def test_a_browser_that_says_no_view_is_chosen_changes_none(train_app):
    """One that has just put the buttons on the page may do so."""
    find_view_control(train_app).set_value("compare").run()
    find_view_control(train_app).set_value(None).run()
    assert not train_app.exception
    assert any("Train a network first" in info.value for info in train_app.info)


def test_a_recipe_fills_the_form_and_six_settings_are_in_sight(train_app):
    recipe = RECIPES["diverging"].config
    train_app.button(key="train_recipe_diverging").click().run()
    assert not train_app.exception
    basic = ("dataset", "net", "epochs", "batch_size", "optimizer", "learning_rate")
    hidden = {widget.key for part in train_app.expander for widget in list_inputs(part)}
    shown = {
        widget.key.removeprefix("train_"): widget.value
        for widget in list_inputs(train_app)
        if widget.key not in hidden
    }
    assert shown == {name: getattr(recipe, name) for name in basic}
    assert train_app.number_input(key="train_training_fraction").value == recipe.training_fraction


def list_inputs(part):
    return [*part.selectbox, *part.number_input]


def test_settings_that_cannot_go_together_bar_the_start(train_app):
    train_app.number_input(key="train_validation_split").set_value(0.0)
    train_app.toggle(key="train_calibrate").set_value(True).run()
    assert train_app.button(key="train_start").disabled
    assert "validation_split" in train_app.error[0].value


def test_odd_settings_are_doubted_but_not_barred(train_app):
    train_app.selectbox(key="train_optimizer").set_value("adamw").run()
    assert not train_app.button(key="train_start").disabled
    assert any("AdamW is the same as Adam" in warning.value for warning in train_app.warning)


def test_without_the_training_packages_start_says_why_it_waits(train_app, monkeypatch):
    monkeypatch.setattr("digitlab.ui.train.start.is_training_installed", lambda: False)
    train_app.run()
    assert train_app.button(key="train_start").disabled
    assert any("training packages" in info.value for info in train_app.info)


def test_finished_runs_are_shown_and_compared(train_app):
    for label, epochs in (("Short", 3), ("Long", 50)):
        run = create_run(TrainConfig(epochs=epochs), label=label)
        write_history(run, epochs)
        run.write_status(RunStatus(state="done", epoch=epochs, epochs=epochs))
    find_view_control(train_app).set_value("watch").run()
    assert not train_app.exception
    html = " ".join(part.proto.body for part in train_app.get("html"))
    assert "Done" in html and "finding-overfitting" in html
    find_view_control(train_app).set_value("compare").run()
    assert not train_app.exception
    assert "Epochs" in list(train_app.table[0].value.iloc[:, 0])


def test_a_number_typed_last_counts_though_the_click_comes_with_it(train_app):
    train_app.number_input(key="train_epochs").set_value(17)
    train_app.button(key="train_start").click().run()
    (run,) = list_runs()
    stop_run(run, force=True)
    assert run.read_config().epochs == 17
    *_, status = follow_run(run)
    assert status.is_final


def test_a_name_typed_last_counts_though_the_click_comes_with_it(train_app):
    run = create_run(TrainConfig(epochs=3), label="At first")
    write_history(run, 3)
    run.write_status(RunStatus(state="done", epoch=3, epochs=3))
    find_view_control(train_app).set_value("watch").run()
    train_app.text_input(key=f"train_name_{run.id}").set_value("Typed last")
    train_app.button(key="train_rename").click().run()
    assert run.read_meta().label == "Typed last"
