"""The Evaluate page in real Chromium, with the shipped models."""

import json
import re
import shutil
import statistics

import numpy as np
import pytest
from playwright.sync_api import expect

from digitlab.evaluation.comparison import compare_reports
from digitlab.evaluation.gallery import GalleryQuery, find_samples
from digitlab.evaluation.jobs import find_job
from digitlab.evaluation.results_cache import load_report, load_test_images
from digitlab.model_store.store import DEFAULT_MODEL_ID, get_model
from digitlab.ui.evaluate.page import VIEWS
from tests.browser.evaluate_page import EvaluatePage
from tests.unit.sample_model import shelve_sample_model
from tests.unit.user_zip import build_zip

SLIDER_LIMIT_MS = 300
FILTER_LIMIT_MS = 400
JOB_LIMIT_MS = 120_000
# It errs often enough for each test here.
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


def test_the_numbers_and_the_matrix_are_there_at_once(page):
    page.goto("/evaluate")
    evaluate = EvaluatePage(page)
    metrics = load_report(get_model(DEFAULT_MODEL_ID)).metrics
    figures = page.locator(".st-key-evaluate_metrics")
    expect(figures).to_contain_text(f"{metrics['accuracy']:.2%}")
    expect(page.locator(".st-key-evaluate_matrix .gtitle")).to_be_visible()
    assert evaluate.page.get_by_test_id("stAlert").count() == 0


def test_a_click_on_a_cell_shows_exactly_its_digits(open_page, report):
    evaluate = open_page()
    found = find_samples(report, GalleryQuery(true=4, predicted=9))
    assert 0 < len(found) <= 24
    evaluate.click_cell(4, 9)
    expect(evaluate.tiles("cell_grid")).to_have_count(len(found))
    assert sorted(evaluate.read_tiles("cell_grid")) == sorted(found.tolist())
    # From one cell to another.
    other = np.array(report.metrics["confusion"])
    np.fill_diagonal(other, 0)
    other[4, 9] = 0
    true, said = divmod(int(other.argmax()), 10)
    evaluate.click_cell(true, said)
    expect(evaluate.tiles("cell_grid")).to_have_count(min(24, int(other.max())))


def test_the_two_lists_do_what_a_click_does(open_page, report):
    evaluate = open_page()
    evaluate.choose("cell_true", "4")
    evaluate.choose("cell_predicted", "9")
    found = find_samples(report, GalleryQuery(true=4, predicted=9))
    expect(evaluate.tiles("cell_grid")).to_have_count(len(found))


def test_filter_sort_page_open_and_share(open_page, report, browser, server):
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
    expect(evaluate.verdict).to_contain_text("read as")
    expect(page.get_by_text(f"Index {by_loss[60]} in the test set")).to_be_visible()

    visitor = browser.new_context(base_url=server[0])
    other_tab = visitor.new_page()
    other_tab.goto(page.url)
    other = EvaluatePage(other_tab)
    expect(other.verdict).to_have_text(evaluate.verdict.inner_text())
    expect(other.count).to_have_text(evaluate.count.inner_text())
    visitor.close()

    page.keyboard.press("Escape")
    expect(evaluate.verdict).to_have_count(0)
    page.wait_for_url(lambda url: "sample=" not in url)
    expect(first).to_have_attribute("data-index", str(by_loss[60]))


def test_a_digit_says_why_and_goes_to_the_draw_page(open_page, report):
    index = int(find_samples(report, GalleryQuery(correct=False))[0])
    evaluate = open_page(f"model={MODEL_ID}&view=gallery&sample={index}")
    dialog = evaluate.page.get_by_role("dialog")
    # One map for the answer, one for the truth, and the ten bars.
    expect(dialog.locator(".gtitle")).to_have_count(3)
    dialog.get_by_role("button", name="Try it on the Draw page").click()
    expect(evaluate.page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    expect(evaluate.page.get_by_test_id("digit")).to_have_text(re.compile(r"^[0-9–]$"))


def test_a_handed_digit_is_read_on_the_draw_page(open_page):
    tested = load_report(get_model(DEFAULT_MODEL_ID))
    pictures = load_test_images(get_model(DEFAULT_MODEL_ID), tested)
    # Read without doubt, so that the Draw page, which frames it anew, reads it the same.
    index = int(
        np.flatnonzero(pictures.is_available & tested.is_correct & (tested.margins > 0.9))[0]
    )
    page = open_page(f"model={DEFAULT_MODEL_ID}&view=gallery&sample={index}").page
    page.get_by_role("dialog").get_by_role("button", name="Try it on the Draw page").click()
    expect(page.get_by_test_id("digit")).to_have_text(str(tested.labels[index]))
    page.get_by_role("button", name="Choose a picture of your own").click()
    expect(page.get_by_test_id("stFileUploader")).to_be_visible()


def test_a_filter_answers_at_once(open_page):
    lasted = open_page(f"model={MODEL_ID}&view=gallery").time_filters()
    assert statistics.median(lasted) <= FILTER_LIMIT_MS, lasted


def test_the_threshold_moves_at_once(open_page):
    lasted = open_page(f"model={MODEL_ID}&view=calibration").time_thresholds()
    assert statistics.median(lasted) <= SLIDER_LIMIT_MS, lasted


def test_two_models_are_compared(open_page, report):
    evaluate = open_page(f"model={MODEL_ID}&view=comparison&other={DEFAULT_MODEL_ID}")
    comparison = compare_reports(report, load_report(get_model(DEFAULT_MODEL_ID)))
    expect(evaluate.page.get_by_text("McNemar's exact test")).to_be_visible()
    expect(evaluate.tiles("compare_grid")).to_have_count(min(60, len(comparison.only_first)))
    assert set(evaluate.read_tiles("compare_grid")) <= set(comparison.only_first.tolist())


def test_an_own_test_set_and_its_report(open_page, report, tmp_path):
    evaluate = open_page(f"model={MODEL_ID}&view=user_test_set")
    page = evaluate.page
    pictures = load_test_images(get_model(MODEL_ID), report)
    places = np.flatnonzero(pictures.is_available)[:40]
    bad = {"../outside/3/bad.png": b"nothing"}
    content = build_zip(pictures.images[places], report.labels[places], more=bad)
    file = {"name": "mine.zip", "mimeType": "application/zip", "buffer": content}
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".st-key-evaluate_own_metrics")).to_contain_text("of 40")
    expect(page.get_by_text("1 file skipped")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Figures (JSON)").click()
    download.value.save_as(tmp_path / "report.json")
    assert json.loads((tmp_path / "report.json").read_text())["n"] == 40
    with page.expect_download() as download:
        page.get_by_role("button", name="Report (HTML)").click()
    download.value.save_as(tmp_path / "report.html")
    assert "<html" in (tmp_path / "report.html").read_text("utf-8")


def test_a_job_shows_its_progress_and_can_be_stopped(open_page, runs_of_server):
    # Its test digits are at hand without a connection.
    model = shelve_sample_model()
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


def test_it_fits_a_phone_in_the_dark(browser, server):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, color_scheme="dark",
        base_url=server[0],
    )  # fmt: skip
    page = context.new_page()
    for view in [view.id for view in VIEWS]:
        page.goto(f"/evaluate?model={MODEL_ID}&view={view}")
        evaluate = EvaluatePage(page)
        evaluate.wait_until_idle()
        width = page.evaluate("document.scrollingElement.scrollWidth")
        assert width <= 390, f"{view} is {width} px wide"
        assert page.get_by_test_id("stException").count() == 0
    page.goto(f"/evaluate?model={MODEL_ID}")
    EvaluatePage(page).click_cell(4, 9)
    context.close()


def test_back_and_forward_turn_the_views(open_page):
    page = open_page().page
    views = page.locator(".st-key-evaluate_view")
    for view, view_id in (("Calibration", "calibration"), ("Per class", "per_class")):
        views.get_by_role("radio", name=view).click()
        expect(views.get_by_role("radio", name=view)).to_be_checked()
        page.wait_for_url(re.compile(f"view={view_id}"))
    page.go_back()
    expect(views.get_by_role("radio", name="Calibration")).to_be_checked()
    expect(page.locator(".st-key-evaluate_threshold")).to_be_visible()
    page.go_forward()
    expect(views.get_by_role("radio", name="Per class")).to_be_checked()
