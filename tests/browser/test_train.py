"""The Train page in real Chromium, with real worker processes and the stub trainer."""

import os
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from digitlab.ink.samples import SAMPLE_POINTS
from digitlab.runs.control import list_active_runs
from digitlab.runs.run import create_run, get_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig
from tests.browser.draw_page import DrawPage, draw_strokes
from tests.browser.server import own_folders, serve_app
from tests.browser.train_page import RUN_LIMIT_MS, START_LIMIT_MS, TrainPage
from tests.unit.histories import write_history

# Batch sizes with which an epoch of the stub trainer takes 6.4 or 3.2 seconds.
SLOW_BATCH, BRISK_BATCH = 2, 4
# How many epochs the axis of the curves in sight spans.
SHOWN_EPOCHS = """(() => {
  const shown = [...document.querySelectorAll(".js-plotly-plot")].findLast(
    (plot) => plot.checkVisibility({ visibilityProperty: true }));
  const [low, high] = shown._fullLayout.xaxis.range;
  return high - low;
})()"""


@pytest.fixture
def train_page(page, runs_of_server) -> TrainPage:
    page.goto("/train")
    return TrainPage(page)


def start_slow_run(train_page, epochs=2, batch_size=SLOW_BATCH):
    train_page.choose_recipe("simple_cnn")
    train_page.fill("batch_size", batch_size)
    train_page.fill("epochs", epochs)
    train_page.start.click()
    train_page.expect_line(r"^Epoch 1 of", timeout=START_LIMIT_MS)
    return train_page.run_id


def wait_for_batches(page):
    """Wait until some epoch has shown three different batches."""
    page.evaluate(
        """() => {
          window.batches = {};
          const look = () => {
            const line = document.querySelector("[data-testid=run-line]")?.textContent ?? "";
            const epoch = line.match(/^Epoch [0-9]+ of/);
            const batch = document.body.textContent.match(/Batch ([0-9,]+) of/);
            if (epoch && batch) (window.batches[epoch[0]] ??= new Set()).add(batch[1]);
          };
          new MutationObserver(look).observe(document.body,
            { subtree: true, childList: true, characterData: true });
        }"""
    )
    page.wait_for_function(
        "Object.values(window.batches).some((shown) => shown.size >= 3)", timeout=RUN_LIMIT_MS
    )


def test_a_run_from_the_recipe_to_the_drawing(train_page, browser, server):
    """Choose, start, watch, leave, refresh, second tab, stop, resume, compare, keep, draw."""
    page = train_page.page
    run_id = start_slow_run(train_page, epochs=50, batch_size=BRISK_BATCH)
    wait_for_batches(page)
    expect(page.locator(".gtitle").last).to_be_attached()

    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    page.get_by_role("link", name="Train").click()
    train_page.expect_line(r"Epoch \d+ of 50")
    page.reload()
    train_page.expect_line(r"Epoch \d+ of 50")
    visitor = browser.new_context(base_url=server[0])
    other = TrainPage(open_page(visitor, run_id))
    other.expect_line(r"Epoch \d+ of 50")

    # At least one epoch is complete, so that there is something to go on from.
    train_page.expect_line(r"^Epoch ([2-9]|\d\d) of 50")
    train_page.press("train_stop")
    train_page.expect_line("^Stopped by you")
    other.expect_line("^Stopped by you")
    visitor.close()
    before = get_run(run_id).read_history()

    page.get_by_role("spinbutton", name="More epochs").fill("1")
    page.keyboard.press("Enter")
    train_page.wait_until_idle()
    train_page.press("train_resume")
    train_page.expect_line(r"^Done · \d\d\.\d+% on the test set")
    history = get_run(run_id).read_history()
    assert history[: len(before)] == before
    assert [row["epoch"] for row in history] == list(range(len(before) + 1))
    # The optimizer goes on as well: the loss does not jump.
    assert history[-1]["loss"] < 1.5 * before[-1]["loss"]
    assert history[-1]["loss"] < before[0]["loss"]

    start_quick_run(train_page)
    train_page.show_view("Compare")
    title = page.locator(".gtitle", has_text="Accuracy of the runs")
    expect(title.locator("visible=true").first).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text("Batch size")

    train_page.show_view("Watch")
    page.locator(".st-key-train_actions").get_by_role("button", name="Keep").click()
    page.get_by_role("textbox", name="Name on the shelf").fill("My first")
    page.keyboard.press("Tab")
    train_page.wait_until_idle()
    train_page.press("train_shelve")
    train_page.press("train_draw")
    draw_page = DrawPage(page)
    expect(page.get_by_role("combobox", name="Read by")).to_have_value(re.compile("My first"))
    draw_strokes(page, [[(x + 10, y + 10) for x, y in line] for line in SAMPLE_POINTS[0]])
    expect(draw_page.digit).to_be_visible()


def open_form(context):
    page = context.new_page()
    page.goto("/train")
    return TrainPage(page)


def open_page(context, run_id):
    page = context.new_page()
    page.goto(f"/train?run={run_id}")
    return page


def start_quick_run(train_page):
    train_page.show_view("Choose")
    train_page.fill("batch_size", 256)
    train_page.fill("epochs", 1)
    train_page.start.click()
    train_page.expect_line("^Done")


def test_own_digits_are_read_while_it_learns(train_page):
    page = train_page.page
    page.locator(".st-key-train_preview").get_by_role("radio", name="Your digits").click()
    page.locator("canvas").last.wait_for()
    for k, digit in enumerate((0, 1, 7)):
        strokes = [[(15 + 120 * k + x / 2.6, 15 + y / 2.2) for x, y in line]
                   for line in SAMPLE_POINTS[digit]]  # fmt: skip
        draw_strokes(page, strokes)
    expect(page.locator(".thumbnails img")).to_have_count(3)
    expect(page.get_by_role("textbox", name="You wrote")).to_have_value("017")
    train_page.fill("batch_size", 64)
    train_page.fill("epochs", 2)
    train_page.start.click()
    train_page.expect_line("^Done")
    expect(page.locator(".digit-strip tbody tr")).to_have_count(3)
    assert get_run(train_page.run_id).read_digits().labels.tolist() == [0, 1, 7]


def test_a_second_run_queues_and_can_be_cancelled(train_page):
    first = start_slow_run(train_page, epochs=50)
    train_page.show_view("Choose")
    expect(train_page.start).to_contain_text("Add to queue")
    train_page.start.click()
    train_page.expect_line("^Queued, next", timeout=START_LIMIT_MS)
    train_page.press("train_stop")
    train_page.expect_line("^Cancelled")
    train_page.page.goto(f"/train?run={first}")
    train_page.expect_line(r"^Epoch \d+ of 50")
    train_page.press("train_stop")
    train_page.expect_line("^Stopped by you")


def test_two_visitors_start_at_once_and_the_app_is_restarted(browser, tmp_path):
    """One trains, the other waits; both go on without the app and are found by the next one."""
    with own_folders(tmp_path):
        os.environ["DIGITLAB_TRAINER"] = "tests.stub_trainer"
        with serve_app(tmp_path / "first.log") as (url, _):
            visitors = [browser.new_context(base_url=url) for _ in range(2)]
            trains = [open_form(visitor) for visitor in visitors]
            for train_page in trains:
                train_page.fill("batch_size", SLOW_BATCH)
                train_page.fill("epochs", 50)
            for train_page in trains:
                train_page.start.click(no_wait_after=True)
            for train_page in trains:
                train_page.expect_line("^(Epoch 1 of|Queued, next)", timeout=START_LIMIT_MS)
            runs = {train_page.run_id: train_page.line.inner_text() for train_page in trains}
            waiting = [run for run, line in runs.items() if line.startswith("Queued")]
            assert len(runs) == 2
            assert len(waiting) == 1
            for visitor in visitors:
                visitor.close()
        with serve_app(tmp_path / "second.log") as (url, _):
            visitor = browser.new_context(base_url=url)
            page = open_page(visitor, waiting[0])
            train_page = TrainPage(page)
            train_page.expect_line("^Queued, next")
            train_page.press("train_stop")
            train_page.expect_line("^Cancelled")
            (training,) = set(runs) - set(waiting)
            page.goto(f"/train?run={training}")
            train_page.expect_line(r"^Epoch \d+ of 50")
            train_page.press("train_stop")
            train_page.expect_line("^Stopped by you")
            visitor.close()
        assert list_active_runs() == []


def test_the_form_explains_what_cannot_be(train_page):
    page = train_page.page
    train_page.choose_recipe("overfitting")
    expect(page.locator(".st-key-train_epochs input")).to_have_value("40")
    page.get_by_text("Learning", exact=True).click()
    train_page.fill("momentum", 0.9)
    expect(page.locator(".st-key-train_group_learning")).to_contain_text("1 changed")
    expect(page.get_by_test_id("stAlert").first).to_contain_text("adam")
    page.locator(".st-key-train_preview").get_by_role("radio", name="Network").click()
    expect(page.get_by_text("121,930 parameters")).to_be_visible()


def test_settings_outlive_a_visit_to_another_page(train_page):
    page = train_page.page
    train_page.fill("epochs", 17)
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    page.get_by_role("link", name="Train").click()
    expect(page.locator(".st-key-train_epochs input")).to_have_value("17")


def make_run(label, state, n_epochs, message=""):
    """A run as a worker leaves it."""
    run = create_run(TrainConfig(epochs=50, learning_rate=0.002), label=label)
    write_history(run, n_epochs)
    run.write_status(RunStatus(state=state, epoch=n_epochs, epochs=50, message=message))
    return run


def test_a_failed_run_says_why_and_can_be_renamed_repeated_and_deleted(page, runs_of_server):
    message = "The disk is full: free some space, then resume the run."
    run = make_run("Ill-fated", "failed", 3, message)
    page.goto(f"/train?run={run.id}")
    train_page = TrainPage(page)
    train_page.expect_line("^Failed")
    expect(page.get_by_text(message)).to_be_visible()

    page.get_by_role("button", name="More").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Better luck")
    page.keyboard.press("Enter")
    train_page.wait_until_idle()
    train_page.press("train_rename")
    expect(page.get_by_role("combobox", name="Run")).to_have_value(re.compile("Better luck"))
    assert get_run(run.id).read_meta().label == "Better luck"

    train_page.press("train_duplicate")
    expect(page.locator(".st-key-train_epochs input")).to_have_value("50")
    expect(page.locator(".st-key-train_learning_rate input")).to_have_value("0.002")

    train_page.show_view("Watch")
    page.get_by_role("button", name="More").click()
    train_page.press("train_delete")
    expect(page.get_by_text("Better luck")).to_have_count(0)
    assert run.id not in [other.id for other in list_runs()]


def test_an_address_of_no_run_is_explained(page, runs_of_server):
    page.goto("/train?run=20200101-000000-gone")
    expect(page.get_by_text("There is no run 20200101-000000-gone here")).to_be_visible()


def test_a_long_run_fits_a_phone_in_the_dark(browser, server, runs_of_server):
    run = make_run("Fifty", "done", 50)
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, color_scheme="dark",
        base_url=server[0],
    )  # fmt: skip
    page = open_page(context, run.id)
    train_page = TrainPage(page)
    train_page.expect_line("^Done")
    expect(page.locator(".gtitle >> visible=true")).to_have_count(1)
    for view in ("Choose", "Compare", "Watch"):
        train_page.show_view(view)
        train_page.wait_until_idle()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_the_curves_never_blink(train_page):
    """While a run goes on there is a chart in every frame, also when a finding comes above it."""
    page = train_page.page
    start_slow_run(train_page, epochs=8, batch_size=BRISK_BATCH)
    expect(page.locator(".gtitle >> visible=true")).to_have_count(1)
    page.evaluate(
        """() => {
          window.frames_seen = 0; window.frames_blank = 0; window.charts = new Set();
          const look = () => {
            const titles = [...document.querySelectorAll(".gtitle")];
            const shown = titles.some((t) => t.checkVisibility({ visibilityProperty: true }));
            window.frames_seen += 1;
            window.frames_blank += shown ? 0 : 1;
            document.querySelectorAll("[class*=train_curves_]").forEach(
              (e) => window.charts.add(e.className.match(/train_curves_[^ ]*/)[0]));
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    finding = page.locator("[data-testid^=finding-]").first
    expect(finding).not_to_be_visible()
    expect(finding).to_be_visible(timeout=RUN_LIMIT_MS)
    n_charts = page.evaluate("window.charts.size")
    page.wait_for_function(f"window.charts.size >= {max(8, n_charts + 2)}", timeout=RUN_LIMIT_MS)
    assert page.evaluate("window.frames_seen") > 10
    assert page.evaluate("window.frames_blank") == 0
    train_page.press("train_stop")
    train_page.expect_line("^Stopped by you")


def test_a_killed_worker_is_told_and_resumes(train_page):
    start_slow_run(train_page, batch_size=2 * BRISK_BATCH)
    train_page.expect_line("^Epoch 2 of 2")
    run = get_run(train_page.run_id)
    run.read_status().process.terminate(timeout_s=0.1)
    train_page.expect_line("^Interrupted", timeout=10_000)
    n_epochs = len(run.read_history())
    assert n_epochs >= 1
    train_page.press("train_resume")
    train_page.expect_line("^Done")
    assert np.array_equal([row["epoch"] for row in run.read_history()], np.arange(2))


def test_curves_held_still_keep_a_zoom(train_page):
    """While the run goes on beside them; let go, they show all of it again."""
    page = train_page.page
    start_slow_run(train_page, epochs=6, batch_size=BRISK_BATCH)
    hold = page.locator(".st-key-train_hold label").first
    hold.click()
    train_page.wait_until_idle()
    chart = page.locator(".js-plotly-plot >> visible=true")
    expect(chart).to_have_count(1)
    box = chart.bounding_box()
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 4
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 3, y, steps=5)
    page.mouse.up()
    page.wait_for_function(f"{SHOWN_EPOCHS} < 4")
    train_page.expect_line("^Epoch [2-6] of")
    assert page.evaluate(SHOWN_EPOCHS) < 4
    hold.click()
    page.wait_for_function(f"{SHOWN_EPOCHS} > 6")
    train_page.press("train_stop")
    train_page.expect_line("^(Stopped by you|Done)")
