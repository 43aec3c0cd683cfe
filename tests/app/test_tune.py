"""The Tune page in Streamlit's test driver."""

import pytest

from digitlab.files import write_json
from digitlab.paths import get_studies_dir
from digitlab.training.config import TrainConfig
from digitlab.tuning.search_space import parse_range
from digitlab.tuning.study import Study, TrialRecord
from digitlab.tuning.study_config import StudyConfig
from tests.app.page_text import read_texts
from tests.app.runs import create_finished_run


@pytest.fixture
def tune_page(app):
    app.run()
    return app.switch_page("pages/tune.py").run()


@pytest.fixture
def study():
    """A study that has ended, with three trials, of which one has a run here."""
    run = create_finished_run("Trial")
    config = StudyConfig(
        base=TrainConfig(epochs=3).to_json(),
        space=(parse_range("learning_rate=1e-4:1e-1:log"), parse_range("optimizer=adam,sgd")),
        n_trials=4,
        full_epochs=7,
        label="*Mine* <b>",
    )
    study = Study(get_studies_dir() / "mine")
    study.directory.mkdir(parents=True)
    write_json(
        study.directory / "job.json", vars(config) | {"space": [vars(r) for r in config.space]}
    )
    write_json(study.directory / "status.json", {"state": "stopped", "done": 3, "total": 4})
    values = {"learning_rate": 0.002, "optimizer": "adam"}
    study.write_trials(
        [
            TrialRecord(0, run.id, "complete", values, 0.97),
            TrialRecord(1, "deleted", "complete", values | {"learning_rate": 0.05}, 0.91),
            TrialRecord(2, "", "failed", values | {"optimizer": "sgd"}, None, "The <b>reason</b>."),
            TrialRecord(3, "deleted2", "complete", values | {"optimizer": "sgd"}, 0.95),
        ]
    )
    study.write_importances({"learning_rate": 0.8, "optimizer": 0.2})
    return study


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


def test_an_unknown_and_a_damaged_study(study, app):
    app.query_params["study"] = "unknown"
    app.switch_page("pages/tune.py").run()
    assert "There is no such study here" in read_texts(app.warning)
    (study.directory / "trials.json").write_text("{")
    app.selectbox(key="tune_study_choice").set_value(study.id).run()
    assert not app.exception
    assert "trials.json of the study mine is damaged" in read_texts(app.error)
