"""The Evaluate page in Chromium, with the shipped models."""

import json
import re
import shutil

import numpy as np
import pytest
from playwright.sync_api import expect

from digitlab.evaluation.comparison import compare_reports
from digitlab.evaluation.gallery import GalleryQuery, find_samples
from digitlab.evaluation.jobs import find_job
from digitlab.evaluation.results_cache import load_report, load_test_images
from digitlab.model_store.store import DEFAULT_MODEL_ID, get_model
from digitlab.ui.evaluate.page import VIEWS
from tests.browser.draw_page import upload_file, wait_until_idle
from tests.browser.evaluate_page import EvaluatePage
from tests.unit.sample_model import save_sample_model
from tests.unit.user_zip import build_zip

JOB_LIMIT_MS = 120_000
# It makes enough errors for each test here.
MODEL_ID = "simple_cnn"


@pytest.fixture(scope="module")
def report():
    return load_report(get_model(MODEL_ID))


@pytest.fixture
def open_page(page):
    def open_it(address=f"model={MODEL_ID}"):
        page.goto(f"/evaluate?{address}")
        return EvaluatePage(page)

    return open_it


def test_metrics_and_matrix_of_the_default_model(page):
    page.goto("/evaluate")
    evaluate = EvaluatePage(page)
    metrics = load_report(get_model(DEFAULT_MODEL_ID)).metrics
    expect(page.locator(".st-key-evaluate_metrics")).to_contain_text(f"{metrics['accuracy']:.2%}")
    expect(page.locator(".st-key-evaluate_matrix .gtitle")).to_be_visible()
    assert evaluate.page.get_by_test_id("stAlert").count() == 0


def test_click_on_a_cell_shows_exactly_its_digits(open_page, report):
    evaluate = open_page()
    found = find_samples(report, GalleryQuery(true=4, predicted=9))
    assert 0 < len(found) <= 24
    evaluate.click_cell(4, 9)
    expect(evaluate.tiles("cell_grid")).to_have_count(len(found))
    assert sorted(evaluate.read_tiles("cell_grid")) == sorted(found.tolist())
    # From one cell to another one.
    other = np.array(report.metrics["confusion"])
    np.fill_diagonal(other, 0)
    other[4, 9] = 0
    true, predicted = divmod(int(other.argmax()), 10)
    evaluate.click_cell(true, predicted)
    expect(evaluate.tiles("cell_grid")).to_have_count(min(24, int(other.max())))


def test_cell_can_be_chosen_from_lists(open_page, report):
    evaluate = open_page()
    evaluate.choose("cell_true", "4")
    evaluate.choose("cell_predicted", "9")
    found = find_samples(report, GalleryQuery(true=4, predicted=9))
    expect(evaluate.tiles("cell_grid")).to_have_count(len(found))


def test_gallery_is_sorted_paged_and_shared(open_page, report):
    evaluate = open_page()
    page = evaluate.page
    evaluate.show_view("Images")
    wrong = find_samples(report, GalleryQuery(correct=False))
    expect(evaluate.count).to_contain_text(f"{len(wrong)} digits")
    expect(evaluate.tiles()).to_have_count(60)
    assert evaluate.read_tiles() == wrong[:60].tolist()
    evaluate.choose("filter_order", "highest loss first")
    by_loss = find_samples(report, GalleryQuery(correct=False, order="loss"))
    page.wait_for_url(re.compile("order=loss"))
    first = evaluate.tiles().first
    expect(first).to_have_attribute("data-index", str(by_loss[0]))
    evaluate.press("page_next")
    expect(first).to_have_attribute("data-index", str(by_loss[60]))
    first.click()
    expect(evaluate.verdict).to_contain_text("predicted")
    expect(page.get_by_role("dialog")).to_contain_text(f"Index {by_loss[60]:,} ")

    tab = page.context.new_page()
    tab.goto(page.url)
    other = EvaluatePage(tab)
    expect(other.verdict).to_have_text(evaluate.verdict.inner_text())
    expect(other.count).to_have_text(evaluate.count.inner_text())
    tab.close()

    page.keyboard.press("Escape")
    expect(evaluate.verdict).to_have_count(0)
    page.wait_for_url(lambda url: "sample=" not in url)
    expect(first).to_have_attribute("data-index", str(by_loss[60]))


def test_opened_digit_shows_saliency_and_opens_on_the_draw_page(open_page, report):
    index = int(find_samples(report, GalleryQuery(correct=False))[0])
    evaluate = open_page(f"model={MODEL_ID}&view=gallery&sample={index}")
    dialog = evaluate.page.get_by_role("dialog")
    # Saliency for the prediction and for the label, and the probabilities.
    expect(dialog.locator(".gtitle")).to_have_count(3)
    dialog.get_by_role("button", name="Try it on the Draw page").click()
    expect(evaluate.page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    expect(evaluate.page.get_by_test_id("digit")).to_have_text(re.compile(r"^[0-9–]$"))


def test_digit_opened_on_the_draw_page_is_read(open_page):
    model = get_model(DEFAULT_MODEL_ID)
    tested = load_report(model)
    test_images = load_test_images(model, tested)
    # The Draw page frames it again: only a certain prediction stays the same.
    index = int(
        np.flatnonzero(test_images.is_available & tested.is_correct & (tested.margins > 0.9))[0]
    )
    page = open_page(f"model={DEFAULT_MODEL_ID}&view=gallery&sample={index}").page
    page.get_by_role("dialog").get_by_role("button", name="Try it on the Draw page").click()
    expect(page.get_by_test_id("digit")).to_have_text(str(tested.labels[index]))
    page.get_by_role("button", name="Choose a picture of your own").click()
    expect(page.get_by_test_id("stFileUploader")).to_be_visible()


def test_filter_and_threshold_change_the_page(open_page, report):
    evaluate = open_page(f"model={MODEL_ID}&view=gallery&correct=0")
    evaluate.choose("filter_true", "4")
    found = find_samples(report, GalleryQuery(true=4, correct=False))
    expect(evaluate.tiles()).to_have_count(min(60, len(found)))
    assert set(evaluate.read_tiles()) <= set(found.tolist())

    evaluate.show_view("Calibration")
    coverage = evaluate.page.locator(".st-key-evaluate_coverage")
    before = coverage.inner_text()
    evaluate.page.locator(".st-key-evaluate_threshold").get_by_role("slider").press("ArrowRight")
    expect(coverage).not_to_have_text(before)


def test_two_models_are_compared(open_page, report):
    evaluate = open_page(f"model={MODEL_ID}&view=comparison&other={DEFAULT_MODEL_ID}")
    comparison = compare_reports(report, load_report(get_model(DEFAULT_MODEL_ID)))
    expect(evaluate.page.get_by_text("McNemar's exact test")).to_be_visible()
    expect(evaluate.tiles("compare_grid")).to_have_count(min(60, len(comparison.only_first)))
    assert set(evaluate.read_tiles("compare_grid")) <= set(comparison.only_first.tolist())


def test_uploaded_test_set_and_its_report(open_page, report, tmp_path):
    evaluate = open_page(f"model={MODEL_ID}&view=user_test_set")
    page = evaluate.page
    test_images = load_test_images(get_model(MODEL_ID), report)
    indices = np.flatnonzero(test_images.is_available)[:40]
    bad = {"../outside/3/bad.png": b"nothing"}
    content = build_zip(test_images.images[indices], report.labels[indices], more=bad)
    upload_file(page, "mine.zip", "application/zip", content)
    expect(page.locator(".st-key-evaluate_own_metrics")).to_contain_text("of 40")
    expect(page.get_by_text("1 file skipped")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Metrics (JSON)").click()
    download.value.save_as(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["n"] == 40
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (HTML)").click()
    download.value.save_as(tmp_path / "report.html")
    assert "<html" in (tmp_path / "report.html").read_text("utf-8")


def test_analysis_can_be_stopped(open_page, runs_of_server):
    # Its test images are available offline.
    model = save_sample_model()
    evaluate = open_page(f"model={model.id}&view=robustness")
    evaluate.press("start_robustness")
    try:
        stop = evaluate.page.locator(".st-key-evaluate_stop_robustness button >> visible=true")
        stop.click(timeout=JOB_LIMIT_MS)
        again = evaluate.page.locator(".st-key-evaluate_start_robustness button >> visible=true")
        expect(again).to_be_visible(timeout=JOB_LIMIT_MS)
        expect(evaluate.page.get_by_text("stopped before it finished")).to_be_visible()
    finally:
        job = find_job(model, "robustness")
        if job is not None:
            job.request_stop()
        shutil.rmtree(model.directory)


def test_views_fit_a_dark_phone(dark_phone):
    dark_phone.goto(f"/evaluate?model={MODEL_ID}")
    evaluate = EvaluatePage(dark_phone)
    evaluate.click_cell(4, 9)
    # The first view is shown already.
    for view in (*VIEWS[1:], VIEWS[0]):
        evaluate.show_view(view.label)
        dark_phone.wait_for_url(re.compile(f"view={view.id}"))
        evaluate.wait_until_idle()
        width_px = dark_phone.evaluate("document.scrollingElement.scrollWidth")
        assert width_px <= 390, view.id
        assert dark_phone.get_by_test_id("stException").count() == 0


def test_back_and_forward_change_the_view(open_page):
    page = open_page().page
    views = page.locator(".st-key-evaluate_view")
    for view, view_id, key in (
        ("Calibration", "calibration", "threshold"),
        ("Per class", "per_class", "per_class"),
    ):
        views.get_by_role("radio", name=view).click()
        page.wait_for_url(re.compile(f"view={view_id}"))
        expect(page.locator(f".st-key-evaluate_{key}")).to_be_visible()
    wait_until_idle(page)
    page.go_back()
    expect(views.get_by_role("radio", name="Calibration")).to_be_checked()
    expect(page.locator(".st-key-evaluate_threshold")).to_be_visible()
    page.go_forward()
    expect(views.get_by_role("radio", name="Per class")).to_be_checked()


def test_arrow_keys_step_through_the_digits(page, report):
    page.set_viewport_size({"width": 1280, "height": 800})
    wrong = find_samples(report, GalleryQuery(correct=False))
    page.goto(f"/evaluate?model={MODEL_ID}&view=gallery&correct=0&sample={wrong[0]}")
    evaluate = EvaluatePage(page)
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".gtitle")).to_have_count(3)
    for key, index in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        expect(dialog.get_by_role("heading")).to_contain_text(f"Index {wrong[index]:,} ")
        expect(dialog.locator(".gtitle")).to_have_count(3)
        evaluate.wait_until_idle()
    # All of it is on the screen: the neighbours come last.
    expect(dialog.locator(".evaluate-row").last).to_be_in_viewport(ratio=1)
    assert dialog.evaluate("d => d.scrollHeight - d.clientHeight") <= 1


# The last part of a view that one sees without scrolling on a laptop.
MAIN_PARTS = {
    "overview": ".st-key-evaluate_frequent_errors",
    "gallery": ".st-key-evaluate_page_next",
    "per_class": ".st-key-evaluate_precision_recall",
    "calibration": ".st-key-evaluate_coverage_chart",
    "robustness": ".evaluate-levels",
    "comparison": ".st-key-evaluate_compare_grid_container",
    "feature_map": ".st-key-evaluate_feature_map",
    "user_test_set": "[data-testid=stFileUploader]",
}


def test_views_fit_one_screen(page):
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"/evaluate?model={MODEL_ID}")
    evaluate = EvaluatePage(page)
    # The first view is shown already.
    for view in (*VIEWS[1:], VIEWS[0]):
        evaluate.show_view(view.label)
        part = page.locator(MAIN_PARTS[view.id])
        expect(part).to_be_visible()
        evaluate.wait_until_idle()
        box = part.bounding_box()
        assert box["y"] + box["height"] <= 800, view.id
