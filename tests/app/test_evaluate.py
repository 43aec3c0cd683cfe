"""The Evaluate page through Streamlit's own test driver; clicks on charts need a browser."""

import numpy as np
import pytest

from digitlab.evaluation.gallery import GalleryQuery, find_samples
from digitlab.evaluation.results_cache import load_report
from digitlab.model_store.store import DEFAULT_MODEL_ID, get_model
from digitlab.ui.evaluate.url_state import VIEWS
from tests.app.html import read_html

MODEL_IDS = ("digitlab_cnn", "simple_cnn")


def test_the_figures_are_those_of_the_report(open_page):
    app = open_page()
    metrics = load_report(get_model(DEFAULT_MODEL_ID)).metrics
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Accuracy"] == f"{metrics['accuracy']:.2%}"
    assert shown["Read wrong"] == str(metrics["n"] - metrics["n_correct"])
    assert shown["Calibration"] == f"{metrics['calibration_error']:.2%}"
    assert any("10,000 test pictures of MNIST" in caption.value for caption in app.caption)


@pytest.mark.parametrize("model_id", MODEL_IDS)
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_every_shipped_model_renders(open_page, view, model_id):
    app = open_page(view=view, model=model_id)
    assert not app.error
    assert app.segmented_control(key="evaluate_view").value == view
    assert app.selectbox(key="evaluate_model").value == model_id


def test_a_cell_of_the_address_shows_its_digits(open_page):
    app = open_page(model="simple_cnn", cell="4-9")
    report = load_report(get_model("simple_cnn"))
    count = len(find_samples(report, GalleryQuery(true=4, predicted=9)))
    assert any(f"**4 read as 9: {count} times**" in text.value for text in app.markdown)
    assert app.selectbox(key="evaluate_cell_true").value == 4
    assert app.selectbox(key="evaluate_cell_said").value == 9


def test_two_lists_choose_a_cell_without_a_mouse(open_page):
    app = open_page(model="simple_cnn")
    app.selectbox(key="evaluate_cell_true").set_value(4).run()
    assert "cell" not in app.query_params
    app.selectbox(key="evaluate_cell_said").set_value(9).run()
    assert app.query_params["cell"] == "4-9"
    app.button(key="evaluate_cell_back").click().run()
    assert app.selectbox(key="evaluate_cell_true").value is None


def test_the_most_frequent_mistake_opens_its_cell(open_page):
    app = open_page(model="simple_cnn")
    confusion = np.array(load_report(get_model("simple_cnn")).metrics["confusion"])
    np.fill_diagonal(confusion, 0)
    true, said = np.unravel_index(confusion.argmax(), confusion.shape)
    app.button(key=f"evaluate_confusion_{true}_{said}").click().run()
    assert app.query_params["cell"] == f"{true}-{said}"


def test_the_gallery_begins_with_the_mistakes_and_follows_the_filters(open_page):
    app = open_page(model="simple_cnn")
    report = load_report(get_model("simple_cnn"))
    app.segmented_control(key="evaluate_view").set_value("mistakes").run()
    assert app.query_params["correct"] == "0"
    assert f"{int((~report.is_correct).sum())} digits" in read_html(app)
    app.selectbox(key="evaluate_filter_true").set_value(4).run()
    count = int((~report.is_correct & (report.labels == 4)).sum())
    assert f"{count} digits" in read_html(app)
    assert app.query_params["true"] == "4"
    app.button(key="evaluate_filters_off").click().run()
    assert "10,000 digits, page 1 of 167" in read_html(app)
    app.button(key="evaluate_page_next").click().run()
    assert "page 2 of 167" in read_html(app)


def test_a_digit_of_the_address_is_opened(open_page):
    app = open_page(view="mistakes", digit="247", model="simple_cnn")
    assert "detail-verdict" in read_html(app)
    assert any("Place 247 in the test set" in caption.value for caption in app.caption)


@pytest.mark.parametrize(
    "params",
    [
        {"view": "nonsense", "cell": "12-x", "digit": "99999999999", "page": "-1"},
        {"view": "mistakes", "true": "77", "page": "9999", "order": "x", "digit": "10000"},
        {"view": "classes", "curve": "x"},
        {"view": "robustness", "corruption": "x"},
        {"view": "compare", "other": "nobody"},
        {"view": "own", "digit": "3", "cell": "4-9"},
    ],
)
def test_nonsense_in_the_address_is_no_error(open_page, params):
    assert not open_page(**params).error


def test_an_unknown_model_is_told_and_another_is_shown(open_page):
    app = open_page(model="nobody")
    assert any("no model 'nobody'" in warning.value for warning in app.warning)
    assert app.selectbox(key="evaluate_model").value == DEFAULT_MODEL_ID


def test_an_empty_shelf_says_what_to_do(open_page, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "digitlab.model_store.store.get_shipped_models_dir", lambda: tmp_path / "nothing"
    )
    app = open_page()
    assert "no model on the shelf. Train one" in app.error[0].value


def test_the_view_is_kept_when_the_page_is_left(open_page):
    app = open_page(view="trust")
    app.switch_page("pages/models.py").run()
    app.query_params.clear()
    app.switch_page("pages/evaluate.py").run()
    assert app.segmented_control(key="evaluate_view").value == "trust"


def test_the_threshold_recomputes_coverage(open_page):
    app = open_page(view="trust", model="simple_cnn")
    report = load_report(get_model("simple_cnn"))
    app.select_slider(key="evaluate_threshold").set_value(99).run()
    shown = {metric.label: metric.value for metric in app.metric}
    sure = report.confidences.astype(float) >= 0.99
    assert shown["Answered"] == f"{sure.mean():.2%}"
    assert shown["Still wrong"] == str(int((sure & ~report.is_correct).sum()))


def test_the_threshold_leads_to_the_mistakes_above_it(open_page):
    app = open_page(view="trust", model="simple_cnn")
    report = load_report(get_model("simple_cnn"))
    app.select_slider(key="evaluate_threshold").set_value(99.5).run()
    app.button(key="evaluate_still_wrong").click().run()
    assert not app.exception
    assert app.segmented_control(key="evaluate_view").value == "mistakes"
    found = find_samples(report, GalleryQuery(correct=False, low=0.995))
    assert f"{len(found)} digits" in read_html(app)
    assert app.slider(key="evaluate_confidence").value == (99, 100)


def test_a_hidden_diagonal_stays_hidden(open_page):
    app = open_page(hide="1", by="row")
    assert app.toggle(key="evaluate_mistakes_only").value
    app.segmented_control(key="evaluate_view").set_value("classes").run()
    app.segmented_control(key="evaluate_view").set_value("glance").run()
    assert app.toggle(key="evaluate_mistakes_only").value
    assert app.segmented_control(key="evaluate_by").value == "row"


def test_a_digit_can_be_followed_through_every_change(open_page):
    app = open_page(view="mistakes", digit="247")
    app.button(key="evaluate_to_ladder").click().run()
    assert not app.exception
    assert app.number_input(key="evaluate_ladder_digit").value == 247
    html = read_html(app)
    assert html.count('role="listitem"') == 13
    assert "detail-verdict" not in html


def test_an_address_from_before_the_last_click_undoes_nothing(open_page):
    """The browser names it if it is asked anew before it has heard of the click."""
    app = open_page(view="mistakes", digit="3")
    app.query_params.clear()
    app.query_params["view"] = "trust"
    app.query_params["cell"] = "4-9"
    app.run()
    assert app.segmented_control(key="evaluate_view").value == "mistakes"
    assert app.query_params["view"] == "mistakes"
    assert app.query_params["digit"] == "3"
    assert "cell" not in app.query_params


def test_a_browser_that_says_nothing_is_chosen_changes_nothing(open_page):
    app = open_page(view="robustness", corruption="blur")
    app.segmented_control(key="evaluate_view").set_value(None)
    app.pills(key="evaluate_corruption").set_value(None).run()
    assert not app.exception
    assert app.segmented_control(key="evaluate_view").value == "robustness"
    assert app.pills(key="evaluate_corruption").value == "blur"
