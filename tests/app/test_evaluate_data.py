"""The Evaluate page: results of analysis jobs, user test sets, missing and damaged files."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from digitlab.evaluation.feature_analysis import FeatureAnalysis
from digitlab.evaluation.gallery import GalleryQuery, find_samples
from digitlab.evaluation.jobs import AnalysisJob
from digitlab.evaluation.report import EvaluationReport
from digitlab.evaluation.results_cache import get_results_dir, load_report, load_test_images
from digitlab.files import write_json
from digitlab.model_store.store import DEFAULT_MODEL_ID, get_model
from digitlab.processes import identify_process
from digitlab.step_jobs import StepStatus
from digitlab.ui.evaluate.page import VIEWS
from tests.app.page_text import read_html, read_texts
from tests.unit.photo_model import save_photo_model
from tests.unit.sample_model import save_sample_model
from tests.unit.user_zip import build_zip

# Views that open no sample of the chosen model.
WITHOUT_SAMPLES = ("user_test_set",)


@pytest.fixture
def test_digits():
    model = get_model(DEFAULT_MODEL_ID)
    report = load_report(model)
    pictures = load_test_images(model, report)
    places = np.flatnonzero(pictures.is_available & report.is_correct)[:30]
    return pictures.images[places], report.labels[places]


def test_zip_is_evaluated_separately_and_discarded(open_page, test_digits):
    app = open_page(view="user_test_set")
    content = build_zip(*test_digits, more={"eleven/note.txt": b"not a picture"})
    app.file_uploader[0].upload("mine.zip", content, "application/zip").run()
    assert not app.exception
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Correct"].endswith(" of 30")
    assert "1 file skipped" in read_texts(app.warning)
    app.segmented_control(key="evaluate_view").set_value("overview").run()
    assert {metric.label for metric in app.metric} >= {"Loss", "Size"}
    app.segmented_control(key="evaluate_view").set_value("user_test_set").run()
    assert {metric.label: metric.value for metric in app.metric} == shown
    app.button(key="evaluate_own_discard").click().run()
    assert not app.exception
    assert not app.metric


def test_invalid_zip_is_reported(open_page):
    app = open_page(view="user_test_set")
    app.file_uploader[0].upload("mine.zip", b"no zip at all", "application/zip").run()
    assert not app.exception
    assert "zip" in read_texts(app.error)
    assert not app.metric


@pytest.fixture
def user_model():
    """A user's model, tested on the offline sample."""
    return save_sample_model()


@pytest.fixture
def analysed_model(user_model):
    """A model with the results of an analysis, small and invented."""
    report = load_report(user_model)
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
    results_dir = get_results_dir(user_model)
    results_dir.mkdir(parents=True)
    replace(report, feature_analysis=feature_analysis).save(results_dir / "report.npz")
    return user_model


def test_results_of_an_analysis_are_shown(open_page, analysed_model):
    app = open_page(view="gallery", model=analysed_model.id, label_error="1")
    assert "2 digits" in read_html(app)
    assert not app.toggle(key="evaluate_filter_label_error").disabled
    app.segmented_control(key="evaluate_view").set_value("feature_map").run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1


@pytest.mark.parametrize(("index", "is_pointed_out"), [(247, True), (9, False)])
def test_probable_label_error_is_pointed_out(open_page, analysed_model, index, is_pointed_out):
    app = open_page(view="feature_map", model=analysed_model.id, sample=str(index))
    label = int(load_report(analysed_model).labels[index])
    text = f"Its label, {label}, is probably wrong: it may be {(label + 1) % 10}."
    assert (text in read_texts(app.caption)) == is_pointed_out


def test_neighbours_are_shown_with_the_training_set(open_page, analysed_model):
    app = open_page(view="feature_map", model=analysed_model.id, sample="9")
    assert read_html(app).count('title="Index') == 10
    assert "training indices" not in read_texts(app.caption)


@pytest.mark.parametrize("is_saved", [True, False])
def test_without_the_training_set_only_saved_neighbours_are_shown(open_page, is_saved):
    analysis = load_report(get_model("simple_cnn")).feature_analysis
    has_thumbnails = np.isin(np.arange(10_000), analysis.thumbnail_rows)
    index = int(np.flatnonzero(has_thumbnails == is_saved)[0])
    app = open_page(view="feature_map", model="simple_cnn", sample=str(index))
    assert ('title="Index' in read_html(app)) == is_saved
    assert ("training indices" in read_texts(app.caption)) == (not is_saved)


@pytest.mark.parametrize(
    ("view", "kind"), [("robustness", "robustness"), ("feature_map", "feature_analysis")], ids=str
)
def test_failed_job_shows_the_reason_and_can_be_restarted(open_page, user_model, view, kind):
    directory = get_results_dir(user_model) / kind
    directory.mkdir(parents=True)
    AnalysisJob(directory).write_status(StepStatus(state="failed", message="The disk is full."))
    app = open_page(view=view, model=user_model.id)
    assert "The disk is full." in read_texts(app.error)
    assert not app.button(key=f"evaluate_start_{kind}").disabled


def test_running_job_shows_its_progress(open_page, user_model):
    directory = get_results_dir(user_model) / "robustness"
    directory.mkdir(parents=True)
    # Of this very process, which lives.
    me = identify_process()
    write_json(directory / "job.json", {"model": user_model.id, "kind": "robustness"})
    AnalysisJob(directory).write_status(
        StepStatus(state="running", done=3, total=12, pid=me.pid, process_started_s=me.started_s)
    )
    app = open_page(view="robustness", model=user_model.id)
    assert app.progress[0].value == 25
    app.button(key="evaluate_stop_robustness").click().run()
    assert AnalysisJob(directory).is_stop_requested()


def test_missing_image_can_be_fetched(open_page):
    report = load_report(get_model(DEFAULT_MODEL_ID))
    known = load_test_images(get_model(DEFAULT_MODEL_ID), report).is_available
    place = int(np.flatnonzero(~known)[0])
    app = open_page(view="gallery", correct="1", sample=str(place))
    assert "not on this machine" in read_texts(app.caption)
    assert not app.button(key="evaluate_start_test_images").disabled


def test_next_sample_is_one_click_away(open_page):
    report = load_report(get_model("simple_cnn"))
    wrong = find_samples(report, GalleryQuery(correct=False))
    app = open_page(view="gallery", model="simple_cnn", correct="0", sample=str(wrong[0]))
    assert app.button(key="evaluate_sample_previous").disabled
    app.button(key="evaluate_sample_next").click().run()
    assert app.query_params["sample"] == str(wrong[1])


@pytest.mark.parametrize("view", [view.id for view in VIEWS])
def test_offline_sample_is_named_beside_the_metrics(open_page, user_model, view):
    app = open_page(model=user_model.id, view=view)
    assert "the offline sample of MNIST" in read_texts(app.caption)


def test_offline_sample_is_named_in_the_comparison(open_page, user_model):
    other = "other_sample"
    shutil.copytree(user_model.directory, user_model.directory.parent / other)
    app = open_page(model=user_model.id, view="comparison", other=other)
    row = app.table[0].value.iloc[0].tolist()
    assert row[0] == "Test set"
    assert all("offline sample of MNIST" in text for text in row[1:])


def test_models_with_different_test_sets_are_not_compared(open_page, user_model):
    app = open_page(model=DEFAULT_MODEL_ID, view="comparison", other=user_model.id)
    assert "not comparable" in read_texts(app.error)
    app.selectbox(key="evaluate_other").set_value("simple_cnn").run()
    assert not app.error


def test_damaged_report_is_reported_and_another_model_can_be_chosen(open_page, user_model):
    (user_model.directory / "report.npz").write_bytes(b"damaged")
    app = open_page(model=user_model.id)
    assert "report" in read_texts(app.error)
    app.selectbox(key="evaluate_model").set_value(DEFAULT_MODEL_ID).run()
    assert not app.error


@pytest.mark.parametrize("view", [view.id for view in VIEWS if view.id not in WITHOUT_SAMPLES])
def test_metrics_are_shown_without_images(open_page, user_model, view):
    report = load_report(get_model("simple_cnn"))
    kept = slice(0, 500)
    EvaluationReport(
        report.labels[kept], report.predictions[kept], report.probabilities[kept],
        report.no_digit[kept],
    ).save(user_model.directory / "report.npz")  # fmt: skip
    other = "other_sample"
    shutil.copytree(user_model.directory, user_model.directory.parent / other)
    app = open_page(model=user_model.id, view=view, cell="4-4", sample="3", other=other)
    assert not app.error
    assert "detail-verdict" in read_html(app)


def test_damaged_robustness_file_breaks_its_own_view_only(open_page, user_model):
    (user_model.directory / "robustness.json").write_text("[]")
    app = open_page(model=user_model.id)
    assert not app.exception
    assert not app.error
    app.segmented_control(key="evaluate_view").set_value("robustness").run()
    assert not app.exception
    assert "is damaged" in read_texts(app.error)
    assert not app.button(key="evaluate_start_robustness").disabled


@pytest.mark.parametrize("view", [view.id for view in VIEWS])
def test_model_of_photos_is_evaluated_as_a_model_of_images(open_page, view):
    model = save_photo_model()
    report = load_report(model)
    wrong = str(int(np.flatnonzero(~report.is_correct)[0]))
    app = open_page(model=model.id, view=view, sample=wrong, other="simple_cnn")
    # CIFAR-10 and MNIST cannot be compared, which is an error of its own view only.
    assert bool(app.error) == (view == "comparison")
    texts = read_texts([*app.caption, *app.markdown, *app.info]) + read_html(app)
    if view == "user_test_set":
        assert "This network does not read digits" in texts
    else:
        assert "test digit" not in texts and "digits" not in texts
    if view not in (*WITHOUT_SAMPLES, "comparison"):
        assert "detail-verdict" in read_html(app)
