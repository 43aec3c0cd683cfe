"""The Train page: runs, their actions and their models, in Streamlit's test driver."""

import resource
from contextlib import contextmanager

import pytest

from digitlab.files import write_json
from digitlab.model_store.card import load_card
from digitlab.model_store.store import get_model, list_models, save_model
from digitlab.processes import identify_process
from digitlab.runs.run import create_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig
from digitlab.ui.train.page import VIEWS
from tests.app.page_text import read_html, read_texts
from tests.app.runs import create_finished_run, make_current
from tests.app.train_page import find_view_control


def test_finished_runs_are_shown_and_compared(train_app):
    create_finished_run("Short", epochs=3)
    create_finished_run("Long", epochs=50)
    find_view_control(train_app).set_value("run").run()
    assert not train_app.exception
    html = read_html(train_app)
    assert "Done" in html and "finding-overfitting" in html
    find_view_control(train_app).set_value("comparison").run()
    assert not train_app.exception
    assert "Epochs" in list(train_app.table[0].value.iloc[:, 0])


def test_name_that_arrives_with_the_click_is_used(show_run):
    run = create_finished_run("Old name")
    app = show_run(run)
    app.text_input(key=f"train_name_{run.id}").set_value("New name")
    app.button(key="train_rename").click().run()
    assert run.read_meta().label == "New name"


def test_two_runs_of_the_same_name_and_state_can_both_be_chosen(show_run):
    """Two users who start the same recipe within a minute get such runs."""
    runs = [create_finished_run("Same name") for _ in range(2)]
    for run in runs:
        app = show_run(run)
        assert app.query_params["run"] == run.id


def test_a_run_whose_state_has_changed_since_the_list_was_shown_can_be_chosen(show_run):
    run, other = create_finished_run("One · two"), create_finished_run("Other")
    run.write_status(RunStatus(state="waiting", epochs=3))
    app = show_run(other)
    shown = app.selectbox(key="train_run_choice").options
    (old_text,) = [text for text in shown if text.startswith("One")]
    run.write_status(RunStatus(state="done", epoch=3, epochs=3))
    app.run()
    # The browser has not received that run of the page yet, and sends what it shows.
    box = app.selectbox(key="train_run_choice")
    assert old_text not in box.options
    box.__class__ = type("OldList", (type(box),), {"index": 0})
    box.options = [old_text]
    app.run()
    assert not app.exception and not app.warning
    assert app.query_params["run"] == run.id
    assert app.selectbox(key="train_run_choice").value == run.id


def test_an_unknown_run_in_the_url_shows_no_other_run(app):
    run = create_finished_run("Other")
    app.run()
    app.switch_page("pages/train.py")
    app.query_params["run"] = "gone"
    app.run()
    assert "There is no run “gone” here" in read_texts(app.warning)
    assert app.query_params["run"] == "gone"
    assert 'data-testid="run-line"' not in read_html(app)
    app.selectbox(key="train_run_choice").set_value(run.id).run()
    assert 'data-testid="run-line"' in read_html(app)
    assert app.query_params["run"] == run.id


def write_training_status(run, **status):
    me = identify_process()
    run.write_status(
        RunStatus(state="training", pid=me.pid, process_started_s=me.started_s, **status)
    )


def test_watch_opens_the_running_run(show_run):
    running, ended = create_run(TrainConfig(), label="Now"), create_finished_run("Ended")
    make_current(running)
    write_training_status(running, epochs=5)
    app = show_run(ended)
    find_view_control(app).set_value("form").run()
    find_view_control(app).set_value("run").run()
    assert app.query_params["run"] == running.id


def test_a_run_on_the_offline_sample_says_so_beside_its_figures(show_run):
    run = create_finished_run("Offline", notes=["sample"])
    run.write_status(
        RunStatus(state="done", epochs=3, metrics={"test_accuracy": 0.9}, is_sample=True)
    )
    app = show_run(run)
    html = read_html(app)
    assert "90.00% on the test set (offline sample)" in html
    assert "the offline sample of 5,000 MNIST digits" in html
    find_view_control(app).set_value("comparison").run()
    assert "offline sample" in app.table[0].value.iloc[0, 1]
    live = create_run(TrainConfig(), label="Live")
    write_training_status(live, epochs=5, batches=9, batch=3, is_sample=True)
    find_view_control(app).set_value("run").run()
    assert "the offline sample of 5,000 MNIST digits" in read_html(app)


def test_a_run_is_deleted_after_a_confirmation(show_run):
    run = create_finished_run("Precious")
    app = show_run(run)
    app.button(key="train_delete").click().run()
    assert list_runs() == [run]
    app.button(key="train_delete_cancelled").click().run()
    app.button(key="train_delete").click().run()
    app.button(key="train_delete_confirmed").click().run()
    assert not app.exception
    assert list_runs() == []


def test_a_damaged_run_can_be_deleted(show_run):
    run = create_finished_run("Broken")
    (run.directory / "status.json").write_text("{")
    app = show_run(run)
    assert run.id in read_texts(app.error)
    app.button(key="train_delete").click().run()
    app.button(key="train_delete_confirmed").click().run()
    assert list_runs() == []


def test_unknown_run_in_the_url_is_reported_literally(app):
    app.run()
    app.switch_page("pages/train.py")
    app.query_params["run"] = "![x](http://evil.test/x.png)" + 10_000 * "a"
    app.run()
    (warning,) = app.warning
    assert r"\!\[x\]\(http" in warning.value
    assert "There is no run “![x](http://evil.test/x.png)aaa" in read_texts(app.warning)
    assert len(read_texts(app.warning)) < 200


DAMAGE = {
    "status.json": ("[]", "null", "{", '{"state": 3}', '{"epoch": "x"}', '{"metrics": []}'),
    "meta.json": ("[]", "null", "{", '{"label": 3}', '{"created_s": "x"}'),
    "config.json": ("[]", "null", "{", '{"net": 3}', '{"epochs": "x"}'),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_run_alone_shows_an_error(train_app, name):
    sound = create_finished_run("Sound")
    damaged = create_finished_run("Broken", epochs=4)
    for content in DAMAGE[name]:
        (damaged.directory / name).write_text(content)
        find_view_control(train_app).set_value("run").run()
        train_app.selectbox(key="train_run_choice").set_value(damaged.id).run()
        assert not train_app.exception
        assert train_app.error, content
        assert str(damaged.directory.parent) not in read_texts(train_app.error)
    train_app.selectbox(key="train_run_choice").set_value(sound.id).run()
    assert not train_app.exception and not train_app.error
    assert "Done" in read_html(train_app)
    for view in VIEWS:
        find_view_control(train_app).set_value(view.id).run()
        assert not train_app.exception


def test_damaged_run_does_not_prevent_the_comparison_of_others(train_app):
    runs = [create_finished_run(f"Run {n}", epochs=n) for n in (3, 5, 7)]
    (runs[1].directory / "config.json").write_text("[]")
    find_view_control(train_app).set_value("comparison").run()
    train_app.multiselect(key="train_compared").set_value([run.id for run in runs]).run()
    assert not train_app.exception
    assert "Run 5" in read_texts(train_app.error)
    table = train_app.table[0].value
    assert table[table.iloc[:, 0] == "Epochs"].values.tolist() == [["Epochs", "3", "–", "7"]]


def test_model_is_saved_under_any_name(show_run):
    run = create_finished_run("Моя первая сеть")
    app = show_run(run)
    app.button(key="train_save").click().run()
    assert not app.exception and not app.error
    assert "Моя первая сеть" in [model.label for model in list_models()]
    assert not app.button(key="train_draw").disabled


def test_a_run_that_made_an_equal_model_is_not_called_saved(show_run):
    save_model(create_finished_run(), label="Mine")
    run = create_finished_run()
    card = load_card(run.directory)
    write_json(run.directory / "card.json", card | {"created": "2026-01-01T00:00:00Z"})
    app = show_run(run)
    assert "is saved as" not in read_texts(app.markdown)
    app.button(key="train_save").click().run()
    assert "is saved as" in read_texts(app.markdown)


def test_replacing_a_model_needs_a_confirmation(show_run):
    older = save_model(create_finished_run(), label="Mine")
    marker = older.directory / "marker"
    marker.touch()
    run = create_finished_run("Mine")
    app = show_run(run)
    app.button(key="train_save").click().run()
    assert not app.exception and not app.error
    assert "There is a model mine already" in read_texts(app.warning)
    assert marker.exists()
    app.button(key="train_replace").click().run()
    assert not app.exception and not app.error
    assert not marker.exists()
    assert get_model(older.id).label == "Mine"
    assert "There is a model mine already" not in read_texts(app.warning)


def test_another_name_withdraws_the_question(show_run):
    save_model(create_finished_run(), label="Mine")
    run = create_finished_run("Mine")
    app = show_run(run)
    app.button(key="train_save").click().run()
    app.text_input(key=f"train_model_name_{run.id}").set_value("Mine too").run()
    assert not app.warning
    app.button(key="train_save").click().run()
    assert not app.exception and not app.error
    assert {"Mine", "Mine too"} <= {model.label for model in list_models()}


def test_name_of_a_shipped_model_cannot_be_replaced(show_run):
    run = create_finished_run("Simple CNN")
    app = show_run(run)
    app.button(key="train_save").click().run()
    assert "comes with digitlab" in read_texts(app.error)
    assert not app.warning


@contextmanager
def full_disk():
    """The kernel refuses every write to a file, also root's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_rename_on_a_full_disk_shows_one_sentence(show_run):
    run = create_finished_run("Old name")
    app = show_run(run)
    app.text_input(key=f"train_name_{run.id}").set_value("New name")
    with full_disk():
        app.button(key="train_rename").click().run()
    assert not app.exception
    assert f"The run {run.id} cannot be changed" in read_texts(app.error)
    assert run.read_meta().label == "Old name"


def test_resume_on_a_full_disk_shows_one_sentence(show_run):
    run = create_run(TrainConfig(epochs=3), label="Interrupted")
    run.write_status(RunStatus(state="interrupted", epochs=3))
    app = show_run(run)
    with full_disk():
        app.button(key="train_resume").click().run()
    assert not app.exception
    assert f"The run {run.id} cannot be" in read_texts(app.error)
    assert run.read_status().state == "interrupted"


def test_stop_without_write_access_shows_one_sentence(show_run):
    run = create_run(TrainConfig(epochs=3), label="Training")
    me = identify_process()
    run.write_status(
        RunStatus(state="training", epochs=3, pid=me.pid, process_started_s=me.started_s)
    )
    app = show_run(run)
    # No request can be written here, not even by root.
    (run.directory / "stop").symlink_to(run.directory / "missing" / "stop")
    app.button(key="train_stop").click().run()
    assert not app.exception
    assert f"The run {run.id} cannot be stopped" in read_texts(app.error)
