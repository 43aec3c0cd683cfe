"""The Evaluate page in Streamlit's test driver; clicks on charts need a browser."""

import re

import numpy as np
import pytest

from digitlab.evaluation.gallery import GalleryQuery, find_samples
from digitlab.evaluation.results_cache import load_report
from digitlab.model_store.store import DEFAULT_MODEL_ID, get_model
from digitlab.ui.evaluate.page import VIEWS
from tests.app.page_text import read_html, read_texts

MODEL_IDS = ("digitlab_cnn", "simple_cnn")


def test_metrics_match_the_report(open_page):
    app = open_page()
    metrics = load_report(get_model(DEFAULT_MODEL_ID)).metrics
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["Accuracy"] == f"{metrics['accuracy']:.2%}"
    assert shown["Errors"] == str(metrics["n"] - metrics["n_correct"])
    assert shown["ECE"] == f"{metrics['calibration_error']:.2%}"
    assert "10,000 test images of MNIST" in read_texts(app.caption)


@pytest.mark.parametrize("model_id", MODEL_IDS)
@pytest.mark.parametrize("view", [view.id for view in VIEWS])
def test_every_view_of_every_shipped_model_renders(open_page, view, model_id):
    app = open_page(view=view, model=model_id)
    assert not app.error
    assert app.segmented_control(key="evaluate_view").value == view
    assert app.selectbox(key="evaluate_model").value == model_id


def test_cell_in_url_shows_its_images(open_page):
    app = open_page(model="simple_cnn", cell="4-9")
    report = load_report(get_model("simple_cnn"))
    count = len(find_samples(report, GalleryQuery(true=4, predicted=9)))
    assert any(f"**4 predicted as 9: {count} times**" in text.value for text in app.markdown)
    assert app.selectbox(key="evaluate_cell_true").value == 4
    assert app.selectbox(key="evaluate_cell_predicted").value == 9


def test_two_lists_select_a_cell_without_a_mouse(open_page):
    app = open_page(model="simple_cnn")
    app.selectbox(key="evaluate_cell_true").set_value(4).run()
    assert "cell" not in app.query_params
    app.selectbox(key="evaluate_cell_predicted").set_value(9).run()
    assert app.query_params["cell"] == "4-9"
    app.button(key="evaluate_cell_back").click().run()
    assert app.selectbox(key="evaluate_cell_true").value is None


def test_most_frequent_error_opens_its_cell(open_page):
    app = open_page(model="simple_cnn")
    confusion = np.array(load_report(get_model("simple_cnn")).metrics["confusion"])
    np.fill_diagonal(confusion, 0)
    true, predicted = np.unravel_index(confusion.argmax(), confusion.shape)
    app.button(key=f"evaluate_confusion_{true}_{predicted}").click().run()
    assert app.query_params["cell"] == f"{true}-{predicted}"


def test_gallery_starts_with_errors_and_applies_filters(open_page):
    app = open_page(model="simple_cnn")
    report = load_report(get_model("simple_cnn"))
    app.segmented_control(key="evaluate_view").set_value("gallery").run()
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


def test_sample_in_url_is_opened(open_page):
    app = open_page(view="gallery", sample="247", model="simple_cnn")
    assert "detail-verdict" in read_html(app)
    assert "Actual 4, predicted 4" in read_html(app)


@pytest.mark.parametrize(
    "params",
    [
        {"view": "nonsense", "cell": "12-x", "sample": "99999999999", "page": "-1"},
        {"view": "gallery", "true": "77", "page": "9999", "order": "x", "sample": "10000"},
        {"view": "per_class", "curve": "x"},
        {"view": "robustness", "corruption": "x"},
        {"view": "comparison", "other": "nobody"},
        {"view": "user_test_set", "sample": "3", "cell": "4-9"},
    ],
)
def test_invalid_url_parameters_are_ignored(open_page, params):
    assert not open_page(**params).error


def test_unknown_model_in_url_is_reported_and_the_default_is_shown(open_page):
    app = open_page(model="nobody")
    assert "no model “nobody”" in read_texts(app.warning)
    assert app.selectbox(key="evaluate_model").value == DEFAULT_MODEL_ID


def test_page_without_models_says_what_to_do(open_page, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "digitlab.model_store.store.get_shipped_models_dir", lambda: tmp_path / "nothing"
    )
    app = open_page()
    assert "There is no model. Train one" in read_texts(app.error)


def test_view_is_kept_when_the_page_is_left(open_page):
    app = open_page(view="calibration")
    app.switch_page("pages/models.py").run()
    app.query_params.clear()
    app.switch_page("pages/evaluate.py").run()
    assert app.segmented_control(key="evaluate_view").value == "calibration"


def test_threshold_recomputes_coverage(open_page):
    app = open_page(view="calibration", model="simple_cnn")
    report = load_report(get_model("simple_cnn"))
    app.select_slider(key="evaluate_threshold").set_value(99).run()
    shown = {metric.label: metric.value for metric in app.metric}
    sure = report.confidences.astype(float) >= 0.99
    assert shown["Coverage"] == f"{sure.mean():.2%}"
    assert shown["Accepted errors"] == str(int((sure & ~report.is_correct).sum()))


def test_threshold_links_to_the_errors_above_it(open_page):
    app = open_page(view="calibration", model="simple_cnn")
    report = load_report(get_model("simple_cnn"))
    app.select_slider(key="evaluate_threshold").set_value(99.5).run()
    app.button(key="evaluate_accepted_errors").click().run()
    assert not app.exception
    assert app.segmented_control(key="evaluate_view").value == "gallery"
    found = find_samples(report, GalleryQuery(correct=False, low=0.995))
    assert f"{len(found)} digits" in read_html(app)
    assert app.slider(key="evaluate_confidence").value == (99, 100)


def test_hidden_diagonal_stays_hidden(open_page):
    app = open_page(hide="1", by="row")
    assert app.toggle(key="evaluate_errors_only").value
    app.segmented_control(key="evaluate_view").set_value("per_class").run()
    app.segmented_control(key="evaluate_view").set_value("overview").run()
    assert app.toggle(key="evaluate_errors_only").value
    assert app.segmented_control(key="evaluate_by").value == "row"


def test_sample_can_be_opened_in_the_robustness_view(open_page):
    app = open_page(view="gallery", sample="247")
    app.button(key="evaluate_to_corruption_levels").click().run()
    assert not app.exception
    assert app.number_input(key="evaluate_corruption_levels_index").value == 247
    html = read_html(app)
    assert html.count('role="listitem"') == 13
    assert "detail-verdict" not in html


def test_url_older_than_the_last_click_is_ignored(open_page):
    """The browser sends it with a rerun that it requested before it received the click's."""
    app = open_page(view="gallery", sample="3")
    app.query_params.clear()
    app.query_params["view"] = "calibration"
    app.query_params["cell"] = "4-9"
    app.run()
    assert app.segmented_control(key="evaluate_view").value == "gallery"
    assert app.query_params["view"] == "gallery"
    assert app.query_params["sample"] == "3"
    assert "cell" not in app.query_params


def test_empty_selection_from_the_browser_changes_nothing(open_page):
    app = open_page(view="robustness", corruption="blur")
    app.segmented_control(key="evaluate_view").set_value(None)
    app.pills(key="evaluate_corruption").set_value(None).run()
    assert not app.exception
    assert app.segmented_control(key="evaluate_view").value == "robustness"
    assert app.pills(key="evaluate_corruption").value == "blur"


def test_metrics_have_standard_names_and_their_formulas(open_page):
    metrics = {metric.label: metric.help for metric in open_page().metric}
    assert list(metrics) == [
        "Accuracy", "Errors", "Loss", "Precision", "Recall", "F1", "ECE", "Size", "Inference time",
    ]  # fmt: skip
    for label, formula in (
        ("Loss", r"L = -\frac{1}{n} \sum_{i=1}^{n} \ln p_i"),
        ("Precision", r"P = \frac{TP}{TP + FP}"),
        ("Recall", r"R = \frac{TP}{TP + FN}"),
        ("F1", r"F_1 = \frac{2 P R}{P + R}"),
    ):
        assert f"$${formula}$$" in metrics[label]


def test_most_frequent_errors_show_their_digits(open_page):
    app = open_page(model="simple_cnn")
    rows = [button for button in app.button if button.key.startswith("evaluate_confusion_")]
    grids = [element.proto for element in app.get("bidi_component")]
    assert len(rows) == 6
    assert sum("predicted" in grid.mixed.json + grid.json for grid in grids) == 6


def test_previous_and_next_follow_the_view(open_page):
    report = load_report(get_model("simple_cnn"))
    found = find_samples(report, GalleryQuery(true=4, predicted=9))
    app = open_page(model="simple_cnn", cell="4-9", sample=str(found[0]))
    assert f"1 of {len(found)}" in read_texts(app.caption)
    app.button(key="evaluate_sample_next").click().run()
    assert app.query_params["sample"] == str(found[1])


def test_next_of_a_correct_point_of_the_map_follows_the_test_set(open_page):
    report = load_report(get_model("simple_cnn"))
    correct = int(np.flatnonzero(report.is_correct)[0])
    app = open_page(model="simple_cnn", view="feature_map", sample=str(correct))
    app.button(key="evaluate_sample_next").click().run()
    assert app.query_params["sample"] == str(correct + 1)


@pytest.mark.parametrize("model_id", MODEL_IDS)
def test_shipped_models_come_with_their_map_by_tsne(open_page, model_id):
    app = open_page(model=model_id, view="feature_map")
    assert app.segmented_control(key="evaluate_map_kind").value == "tsne"
    assert len(app.get("plotly_chart")) == 1


def test_rejected_digits_are_neither_right_nor_wrong(open_page):
    model = get_model(DEFAULT_MODEL_ID)
    html = read_html(open_page(view="robustness", corruption="noise"))
    steps = re.findall(r'evaluate-level-(\w+)"><b>(.*?)</b> ([\d.]+)%', html)
    assert len(steps) == 7
    rejected = [step for step in steps if step[1] == "Rejected"]
    assert rejected
    assert all(outcome == "rejected" for outcome, _, _ in rejected)
    # Its confidence is that of the rejection, so at least the threshold.
    threshold = model.card["no_digit_threshold"]
    assert all(float(percent) >= 100 * threshold - 0.5 for _, _, percent in rejected)
    assert all(text.isdigit() for outcome, text, _ in steps if outcome != "rejected")
