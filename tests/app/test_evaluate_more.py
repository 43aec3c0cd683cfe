"""The Evaluate page with what jobs found, own test sets, and models that lack something."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from digitlab.evaluation.feature_analysis import FeatureAnalysis
from digitlab.evaluation.gallery import GalleryQuery, find_samples
from digitlab.evaluation.jobs import AnalysisJob, AnalysisStatus
from digitlab.evaluation.report import EvaluationReport
from digitlab.evaluation.results_cache import get_results_dir, load_report, load_test_images
from digitlab.files import write_json
from digitlab.model_store.store import DEFAULT_MODEL_ID, get_model
from digitlab.processes import identify_process
from tests.app.html import read_html
from tests.unit.sample_model import shelve_sample_model
from tests.unit.user_zip import build_zip


@pytest.fixture
def test_digits():
    model = get_model(DEFAULT_MODEL_ID)
    report = load_report(model)
    pictures = load_test_images(model, report)
    places = np.flatnonzero(pictures.is_available & report.is_correct)[:30]
    return pictures.images[places], report.labels[places]


def test_an_own_zip_is_evaluated_apart_and_forgotten(open_page, test_digits):
    app = open_page(view="own")
    content = build_zip(*test_digits, more={"eleven/note.txt": b"not a picture"})
    app.file_uploader[0].upload("mine.zip", content, "application/zip").run()
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Read right"].endswith(" of 30")
    assert any("1 file skipped" in warning.value for warning in app.warning)
    app.segmented_control(key="evaluate_view").set_value("glance").run()
    assert {metric.label for metric in app.metric} >= {"Loss", "Size"}
    app.segmented_control(key="evaluate_view").set_value("own").run()
    assert {metric.label: metric.value for metric in app.metric} == shown
    app.button(key="evaluate_own_forget").click().run()
    assert not app.exception
    assert not app.metric


def test_a_bad_zip_is_explained(open_page):
    app = open_page(view="own")
    app.file_uploader[0].upload("mine.zip", b"no zip at all", "application/zip").run()
    assert not app.exception
    assert "zip" in app.error[0].value
    assert not app.metric


@pytest.fixture
def own_model():
    """A model of a person's own, tested on the offline sample."""
    return shelve_sample_model()


@pytest.fixture
def with_insight(own_model):
    """Insight as a finished job leaves it, small and made up."""
    model = own_model
    report = load_report(model)
    n = len(report.labels)
    random = np.random.default_rng(0)
    feature_analysis = FeatureAnalysis(
        probable_label_errors=np.array([247, 5], np.int32),
        map=random.normal(size=(n, 2)).astype(np.float16),
        alternative_classes=((report.labels + 1) % 10).astype(np.uint8),
        neighbours=random.integers(0, 4000, (n, 2, 5)).astype(np.int32),
        thumbnail_rows=np.array([247], np.int32),
        thumbnail_indices=np.zeros((1, 2, 5), np.int32),
        thumbnails=np.zeros((1, 28, 28), np.uint8),
    )
    get_results_dir(model).mkdir(parents=True)
    replace(report, feature_analysis=feature_analysis).save(get_results_dir(model) / "report.npz")
    return model


def test_what_a_job_found_is_shown(open_page, with_insight):
    app = open_page(view="mistakes", model=with_insight.id, label_error="1")
    assert "2 digits" in read_html(app)
    assert not app.toggle(key="evaluate_filter_label_error").disabled
    app.segmented_control(key="evaluate_view").set_value("map").run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1


@pytest.mark.parametrize(("index", "words"), [(247, "Labelled"), (9, "Labelled")])
def test_neighbours_are_shown_or_named(open_page, with_insight, index, words):
    app = open_page(view="map", model=with_insight.id, digit=str(index))
    told = read_html(app) + " ".join(caption.value for caption in app.caption)
    assert words in told
    assert ("Its label" in told) == (index == 247)


@pytest.mark.parametrize(
    ("view", "kind"), [("robustness", "robustness"), ("map", "feature_analysis")], ids=str
)
def test_a_job_that_failed_says_why_and_can_be_started_again(open_page, own_model, view, kind):
    directory = get_results_dir(own_model) / kind
    directory.mkdir(parents=True)
    AnalysisJob(directory).write_status(AnalysisStatus(state="failed", message="The disk is full."))
    app = open_page(view=view, model=own_model.id)
    assert any("The disk is full." in error.value for error in app.error)
    assert not app.button(key=f"evaluate_start_{kind}").disabled


def test_a_running_job_shows_how_far_it_is(open_page, own_model):
    directory = get_results_dir(own_model) / "robustness"
    directory.mkdir(parents=True)
    # Of this very process, which lives.
    me = identify_process()
    write_json(directory / "job.json", {"model": own_model.id, "kind": "robustness"})
    AnalysisJob(directory).write_status(
        AnalysisStatus(
            state="running", done=3, total=12, pid=me.pid, process_started_s=me.started_s
        )
    )
    app = open_page(view="robustness", model=own_model.id)
    assert app.progress[0].value == 25
    app.button(key="evaluate_stop_robustness").click().run()
    assert AnalysisJob(directory).is_stop_requested()


def test_a_picture_that_is_not_here_can_be_fetched(open_page):
    report = load_report(get_model(DEFAULT_MODEL_ID))
    known = load_test_images(get_model(DEFAULT_MODEL_ID), report).is_available
    place = int(np.flatnonzero(~known)[0])
    app = open_page(view="mistakes", correct="1", digit=str(place))
    assert any("not on this machine" in caption.value for caption in app.caption)
    assert not app.button(key="evaluate_start_test_images").disabled


def test_the_next_digit_is_a_click_away(open_page):
    report = load_report(get_model("simple_cnn"))
    wrong = find_samples(report, GalleryQuery(correct=False))
    app = open_page(view="mistakes", model="simple_cnn", correct="0", digit=str(wrong[0]))
    assert app.button(key="evaluate_digit_before").disabled
    app.button(key="evaluate_digit_next").click().run()
    assert app.query_params["digit"] == str(wrong[1])


def test_the_sample_is_named_beside_the_figures(open_page, own_model):
    app = open_page(model=own_model.id)
    assert any("the offline sample of MNIST" in caption.value for caption in app.caption)


def test_models_tested_on_different_digits_are_not_compared(open_page, own_model):
    app = open_page(model=DEFAULT_MODEL_ID, view="compare", other=own_model.id)
    assert "not comparable" in app.error[0].value
    app.selectbox(key="evaluate_other").set_value("simple_cnn").run()
    assert not app.error


def test_a_damaged_report_is_explained_and_another_model_can_be_chosen(open_page, own_model):
    (own_model.directory / "report.npz").write_bytes(b"damaged")
    app = open_page(model=own_model.id)
    assert "report" in app.error[0].value
    app.selectbox(key="evaluate_model").set_value(DEFAULT_MODEL_ID).run()
    assert not app.error


@pytest.mark.parametrize("view", ["glance", "mistakes", "robustness", "compare", "map"])
def test_without_the_pictures_the_figures_are_still_shown(open_page, own_model, view):
    report = load_report(get_model("simple_cnn"))
    kept = slice(0, 500)
    EvaluationReport(
        report.labels[kept], report.predictions[kept], report.probabilities[kept],
        report.no_digit[kept],
    ).save(own_model.directory / "report.npz")  # fmt: skip
    other = "other_sample"
    shutil.copytree(own_model.directory, own_model.directory.parent / other)
    app = open_page(model=own_model.id, view=view, cell="4-4", digit="3", other=other)
    assert not app.error
    assert "detail-verdict" in read_html(app)


def test_a_damaged_robustness_file_breaks_its_own_view_only(open_page, own_model):
    (own_model.directory / "robustness.json").write_text("[]")
    app = open_page(model=own_model.id)
    assert not app.exception
    assert not app.error
    app.segmented_control(key="evaluate_view").set_value("robustness").run()
    assert not app.exception
    assert "is damaged" in app.error[0].value
    assert not app.button(key="evaluate_start_robustness").disabled
