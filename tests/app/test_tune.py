"""The Tune page in Streamlit's test driver."""

import pytest

from digitlab.files import write_json
from digitlab.runs.control import delete_run
from digitlab.runs.run import get_run, list_runs
from digitlab.tuning.study import list_studies, list_trial_runs
from tests.app.page_text import read_texts
from tests.app.runs import create_finished_run
from tests.app.studies import create_finished_study


@pytest.fixture
def tune_page(app):
    app.run()
    return app.switch_page("pages/tune.py").run()


@pytest.fixture
def study():
    return create_finished_study()


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("tune_f_learning_rate_low", "1", "1 is not below 0.1"),
        ("tune_f_learning_rate_low", "0", "a log scale has no 0"),
        ("tune_f_dropout_high", "2", "it must be a number from 0"),
        ("tune_f_dropout_high", "much", "is not a range of numbers"),
        ("tune_f_minutes", "ten", "“ten” is not a number"),
        ("tune_f_minutes", "", "The search has no end"),
        ("tune_f_epochs", "0", "epochs is 0; it must be an integer from 1"),
    ],
)
def test_a_bad_search_is_one_sentence_before_anything_starts(tune_page, key, value, problem):
    assert not tune_page.exception and not tune_page.error
    assert not tune_page.button(key="tune_start").disabled
    tune_page.text_input(key=key).set_value(value).run()
    assert not tune_page.exception
    assert problem in read_texts(tune_page.error)
    assert tune_page.button(key="tune_start").disabled


def test_the_form_estimates_and_is_kept_while_the_page_is_left(tune_page):
    assert "in 10 min" in read_texts(tune_page.caption)
    assert "the test set is looked at once" in read_texts(tune_page.caption)
    tune_page.multiselect(key="tune_f_varied").set_value(["optimizer", "flip", "l2"]).run()
    tune_page.selectbox(key="tune_f_sampler").set_value("grid").run()
    assert not tune_page.exception and not tune_page.error
    assert "the grid has 24 combinations" in read_texts(tune_page.caption)
    tune_page.switch_page("pages/models.py").run()
    tune_page.switch_page("pages/tune.py").run()
    assert tune_page.multiselect(key="tune_f_varied").value == ["optimizer", "flip", "l2"]
    tune_page.multiselect(key="tune_f_optimizer").set_value(["adam"]).run()
    assert "one value only" in read_texts(tune_page.error)


def test_a_study_that_has_ended_is_shown_with_its_best_trial(study, app):
    app.query_params["study"] = study.id
    app.switch_page("pages/tune.py").run()
    assert not app.exception and not app.error
    metrics = {metric.label: metric.value for metric in app.metric}
    assert metrics["Trials"] == "3 of 4"
    assert metrics["Failed"] == "1"
    assert metrics["Best validation accuracy"] == "97.00%"
    captions = read_texts(app.caption)
    assert "trial 0 with learning rate 0.002, optimizer Adam" in captions
    assert "Trial 2: The <b>reason</b>." in captions
    [table] = app.dataframe
    assert table.value["Trial"].tolist() == [0, 3, 1, 2]
    app.button(key="tune_resume_start").click().run()
    assert "not a number" not in read_texts(app.error)


def test_the_run_of_the_best_trial_was_deleted(study, app):
    delete_run(get_run(study.read_trials()[0].run))
    app.query_params["study"] = study.id
    app.switch_page("pages/tune.py").run()
    assert not app.exception and not app.error
    assert "trial 0 with learning rate 0.002" in read_texts(app.caption)
    assert "tune_save_best" not in [button.key for button in app.button]


def test_a_study_is_deleted_with_the_runs_of_its_trials(study, app):
    app.query_params["study"] = study.id
    app.switch_page("pages/tune.py").run()
    assert list_trial_runs(study.id)
    app.button(key="tune_delete_confirmed").click().run()
    assert not app.exception and not app.error
    assert app.button(key="tune_start")
    assert list_studies() == [] and list_runs() == []
    (study.directory.parent / "mine").mkdir()
    write_json(study.directory / "job.json", {"space": 1})
    app.query_params["study"] = study.id
    app.run()
    app.selectbox(key="tune_study_choice").set_value(study.id).run()
    assert "The study mine cannot be read" in read_texts(app.error)
    app.button(key="tune_delete_confirmed").click().run()
    assert not app.exception and not app.error
    assert list_studies() == []


def test_trials_are_listed_among_the_runs_only_while_one_is_shown(study, app):
    ordinary = create_finished_run("Ordinary")
    app.query_params["run"] = ordinary.id
    app.run()
    app.switch_page("pages/train.py").run()
    assert app.selectbox(key="train_run_choice").options == ["Ordinary · done"]
    app.session_state["train_run"] = f"{study.id}-000"
    app.run()
    assert app.selectbox(key="train_run_choice").options == ["Ordinary · done", "Trial · done"]
    assert app.button(key="train_study")


def test_an_unknown_and_a_damaged_study(study, app):
    app.query_params["study"] = "unknown"
    app.switch_page("pages/tune.py").run()
    assert "There is no such study here" in read_texts(app.warning)
    (study.directory / "trials.json").write_text("{")
    app.selectbox(key="tune_study_choice").set_value(study.id).run()
    assert not app.exception
    assert "trials.json of the study mine is damaged" in read_texts(app.error)
