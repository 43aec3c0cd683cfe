"""The Train page: choosing settings, in Streamlit's test driver."""

from dataclasses import fields

import pytest

from digitlab.runs.control import follow_run, stop_run
from digitlab.runs.run import create_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig
from digitlab.training.optimizers import OPTIMIZERS
from digitlab.training.recipes import RECIPES
from tests.app.page_text import read_texts
from tests.app.train_page import find_view_control

WIDGETS = {
    "integer": "text_input",
    "number": "text_input",
    "choice": "selectbox",
    "dataset": "selectbox",
    "boolean": "toggle",
    "model": "selectbox",
}


def test_without_a_run_the_page_says_what_to_do(train_app):
    assert train_app.title[0].value == "Train a network"
    assert not train_app.button(key="train_start").disabled
    for view, text in (("run", "press Start training"), ("comparison", "Train a network first")):
        find_view_control(train_app).set_value(view).run()
        assert not train_app.exception
        assert text in read_texts(train_app.info)


def test_empty_selection_from_the_browser_keeps_the_view(train_app):
    """A browser that has just rendered the buttons may send it."""
    find_view_control(train_app).set_value("comparison").run()
    find_view_control(train_app).set_value(None).run()
    assert not train_app.exception
    assert "Train a network first" in read_texts(train_app.info)


def test_recipe_fills_the_form_and_six_settings_are_visible(train_app):
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
    assert shown == {name: str(getattr(recipe, name)) for name in basic}
    assert train_app.text_input(key="train_training_fraction").value == "0.2"


def list_inputs(part):
    return [*part.selectbox, *part.text_input]


def test_invalid_settings_disable_the_start(train_app):
    train_app.text_input(key="train_validation_split").set_value("0")
    train_app.toggle(key="train_calibrate").set_value(True).run()
    assert train_app.button(key="train_start").disabled
    assert "Calibrate confidence is set, but Validation split is 0" in read_texts(train_app.error)


@pytest.mark.parametrize(
    ("setting", "text", "sentence"),
    [
        ("epochs", "2000", "Epochs is '2000'; it must be an integer from 1 to 1000."),
        ("epochs", "1.5", "Epochs is '1.5'; it must be an integer from 1 to 1000."),
        ("learning_rate", "much", "Learning rate is 'much'; it must be a number from 1e-07 to 10."),
        ("dropout", "0,95", "Dropout is '0,95'; it must be a number from 0 to 0.9, or default."),
        ("l2", "[x](http://e.test)", "L2 is '[x](http://e.test)'; it must be a number"),
    ],
)
def test_an_invalid_number_disables_the_start_and_is_named(train_app, setting, text, sentence):
    train_app.text_input(key=f"train_{setting}").set_value(text).run()
    assert not train_app.exception
    assert train_app.button(key="train_start").disabled
    assert sentence in read_texts(train_app.error)
    # Also a click that arrives together with the number trains nothing.
    train_app.text_input(key=f"train_{setting}").set_value("").run()
    train_app.text_input(key=f"train_{setting}").set_value(text)
    train_app.button(key="train_start").click().run()
    assert sentence in read_texts(train_app.error)
    assert not list_runs()


def test_decimal_commas_and_empty_fields_are_understood(train_app):
    train_app.text_input(key="train_learning_rate").set_value("0,01")
    train_app.text_input(key="train_dropout").set_value(" 0,25 ")
    train_app.text_input(key="train_epochs").set_value("")
    train_app.text_input(key="train_batch_size").set_value("")
    train_app.button(key="train_start").click().run()
    assert not train_app.exception and not train_app.error
    (run,) = list_runs()
    stop_run(run, force=True)
    config = run.read_config()
    assert config == TrainConfig(learning_rate=0.01, dropout=0.25)
    *_, status = follow_run(run)
    assert status.is_final


def test_a_number_in_the_form_is_exactly_the_one_of_the_run(train_app):
    config = TrainConfig(learning_rate=0.0123456789, weight_decay=1e-5)
    run = create_run(config)
    run.write_status(RunStatus(state="failed"))
    find_view_control(train_app).set_value("run").run()
    train_app.button(key="train_duplicate").click().run()
    train_app.button(key="train_start").click().run()
    newest = next(one for one in list_runs() if one != run)
    stop_run(newest, force=True)
    assert newest.read_config() == config


def test_help_has_formulas_and_agrees_with_the_controls(train_app):
    activation = train_app.selectbox(key="train_activation")
    assert r"Sigmoid: $\sigma(z) = \frac{1}{1 + e^{-z}}$" in activation.help
    assert "Default" in activation.options and "Default: As the network" in activation.help
    for key, formula in (("net", r"\max_{m,n"), ("loss", r"\log p_k"), ("loss", "(y_k - p_k)^2")):
        assert formula in train_app.selectbox(key=f"train_{key}").help
    assert train_app.selectbox(key="train_init_from").options[0] == "random"
    assert "default" in train_app.text_input(key="train_dropout").placeholder


def test_recipe_cards_say_what_is_missing_on_this_machine(train_app, monkeypatch):
    def read_label(recipe):
        return train_app.button(key=f"train_recipe_{recipe}").label

    assert ":material/download: 11 MB" in read_label("simple_cnn")
    assert ":material/download: 170 MB" in read_label("cifar10")
    assert "strokes" in read_label("shipped")
    assert "Downloads 170 MB first" in train_app.button(key="train_recipe_cifar10").help
    monkeypatch.setattr("digitlab.ui.train.recipe_cards.measure_download_bytes", lambda _: 0)
    train_app.run()
    assert "download" not in read_label("cifar10")
    assert "min" in read_label("cifar10")


def test_questionable_settings_give_a_warning(train_app):
    train_app.selectbox(key="train_optimizer").set_value("adamw").run()
    assert not train_app.button(key="train_start").disabled
    assert "AdamW is the same as Adam" in read_texts(train_app.warning)


def test_without_the_training_packages_start_is_disabled_with_the_reason(train_app, monkeypatch):
    monkeypatch.setattr("digitlab.ui.train.start.is_training_installed", lambda: False)
    train_app.run()
    assert train_app.button(key="train_start").disabled
    assert "training packages" in read_texts(train_app.info)


def test_number_that_arrives_with_the_click_is_used(train_app):
    train_app.text_input(key="train_epochs").set_value("17")
    train_app.button(key="train_start").click().run()
    (run,) = list_runs()
    stop_run(run, force=True)
    assert run.read_config().epochs == 17
    *_, status = follow_run(run)
    assert status.is_final


def test_every_setting_has_a_widget_with_its_label_and_help(train_app):
    for spec in fields(TrainConfig):
        widget = getattr(train_app, WIDGETS[spec.metadata["kind"]])(key=f"train_{spec.name}")
        assert widget.label == spec.metadata["label"]
        # The help of a switch is beside it.
        texts = [widget.help] if widget.help else [each.help for each in train_app.markdown]
        assert any(text.startswith(spec.metadata["help"]) for text in texts), spec.name
        default = spec.default
        if spec.metadata["kind"] in ("integer", "number"):
            # The field of an optional number is empty.
            default = "" if default is None else f"{default:g}"
        assert widget.value == default


def test_choices_show_their_labels(train_app):
    optimizer = train_app.selectbox(key="train_optimizer")
    assert optimizer.options == [spec.label for spec in OPTIMIZERS.values()]
    assert "SGD with momentum: Accumulates past gradients." in optimizer.help
    schedule = train_app.selectbox(key="train_schedule")
    assert "Cosine with warm-up" in schedule.options


def test_missing_imagenet_weights_are_named_before_the_start(train_app, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    train_app.button(key="train_recipe_imagenet").click().run()
    sentences = [info.value for info in train_app.info]
    assert any(
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5 (2 MB)" in sentence
        for sentence in sentences
    ), sentences
    assert not train_app.button(key="train_start").disabled


def test_the_code_of_the_settings_is_previewed(train_app):
    train_app.session_state["train_preview"] = "code"
    train_app.run()
    assert not train_app.exception
    [script] = [code.value for code in train_app.code if "import keras" in code.value]
    assert "EPOCHS, BATCH_SIZE = 5, 64" in script
    train_app.text_input(key="train_epochs").set_value("7").run()
    assert any("EPOCHS, BATCH_SIZE = 7, 64" in code.value for code in train_app.code)
