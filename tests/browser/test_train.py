"""The Train page in Chromium, with real worker processes and the stub trainer."""

import re

from playwright.sync_api import expect

from digitlab.ink.samples import SAMPLE_POINTS
from digitlab.runs.run import create_run, get_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig
from tests.browser.draw_page import DrawPage, draw_strokes
from tests.browser.train_page import (
    FAST_BATCH,
    LIMIT_MS,
    SLOW_BATCH,
    open_form,
    open_run,
    start_run,
)
from tests.unit.histories import write_history

# Counts the frames with another number of visible charts than one, and with an empty chart.
WATCH_CHARTS = """() => {
  window.nFrames = 0; window.nWrongFrames = 0; window.nEmptyFrames = 0;
  window.canvases = new Set(); window.pictures = new Set();
  const charts = "[class*=train_live_curves_] canvas, [class*=train_curves_] .js-plotly-plot";
  const look = () => {
    const shown = [...document.querySelectorAll(charts)].filter(
      (chart) => chart.checkVisibility({ visibilityProperty: true }));
    window.nFrames += 1;
    window.nWrongFrames += shown.length === 1 ? 0 : 1;
    for (const canvas of shown) {
      window.canvases.add(canvas);
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      // The colour of the training curve, #4479bd.
      let nInked = 0;
      for (let k = 0; k < data.length; k += 4)
        if (data[k + 3] > 50 && data[k + 2] > data[k] + 60) nInked += 1;
      window.nEmptyFrames += nInked > 20 ? 0 : 1;
      window.pictures.add(nInked);
    }
    window.watch = requestAnimationFrame(look);
  };
  look();
}"""
# Collects the batches that were shown, by epoch.
WATCH_BATCHES = """() => {
  window.batches = {};
  const look = () => {
    const line = document.querySelector("[data-testid=run-line]")?.textContent ?? "";
    const epoch = line.match(/^Epoch [0-9]+ of/);
    const batch = document.body.textContent.match(/batch ([0-9,]+) of/);
    if (epoch && batch) (window.batches[epoch[0]] ??= new Set()).add(batch[1]);
  };
  new MutationObserver(look).observe(document.body,
    { subtree: true, childList: true, characterData: true });
}"""


def create_ended_run(label, state, n_epochs, message=""):
    """A run as the worker leaves it."""
    run = create_run(TrainConfig(epochs=50, learning_rate=0.002), label=label)
    write_history(run, n_epochs)
    run.write_status(RunStatus(state=state, epoch=n_epochs, epochs=50, message=message))
    return run


def test_from_recipe_to_drawing(train_page, server):
    """Start, follow, leave, reload, second tab, stop, resume, compare, keep, draw."""
    page = train_page.page
    train_page.choose_recipe("simple_cnn")
    run_id = start_run(train_page, epochs=50, batch_size=SLOW_BATCH)
    train_page.expect_line("^Epoch 1 of")
    page.evaluate(WATCH_BATCHES)
    page.wait_for_function(
        "Object.values(window.batches).some((shown) => shown.size >= 3)", timeout=LIMIT_MS
    )
    expect(page.locator("[class*=train_live_curves_] canvas")).to_be_visible()

    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    page.get_by_role("link", name="Train").click()
    train_page.expect_line(r"Epoch \d+ of 50")
    page.reload()
    train_page.expect_line(r"Epoch \d+ of 50")
    other = open_run(page.context.new_page(), run_id)
    other.expect_line(r"Epoch \d+ of 50")

    # A resume needs a complete epoch.
    train_page.expect_line(r"^Epoch ([2-9]|\d\d) of 50")
    train_page.press("train_stop")
    train_page.expect_line("^Stopped by you")
    other.expect_line("^Stopped by you")
    other.page.close()
    before = get_run(run_id).read_history()

    train_page.resume(epochs=1)
    train_page.expect_line(r"^Done · \d\d\.\d+% on the test set")
    history = get_run(run_id).read_history()
    assert history[: len(before)] == before
    assert [row["epoch"] for row in history] == list(range(len(before) + 1))

    train_page.show_view("Choose")
    start_run(train_page, epochs=1, batch_size=256)
    train_page.expect_line("^Done")
    train_page.show_view("Compare")
    expect(page.locator(".gtitle", has_text="Accuracy by run")).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text("Batch size")

    train_page.show_view("Watch")
    train_page.save_model("My first")
    train_page.press("train_evaluate")
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile("My first"))
    page.get_by_role("link", name="Train").click()
    train_page.press("train_draw")
    draw_page = DrawPage(page)
    expect(page.get_by_role("combobox", name="Read by")).to_have_value(re.compile("My first"))
    draw_page.draw_sample(0)
    expect(draw_page.digit).to_be_visible()


def test_user_digits_are_read_after_each_epoch(train_page):
    page = train_page.page
    page.locator(".st-key-train_preview").get_by_role("radio", name="Your digits").click()
    for k, digit in enumerate((0, 1, 7)):
        strokes = [[(15 + 120 * k + x / 2.6, 15 + y / 2.2) for x, y in line]
                   for line in SAMPLE_POINTS[digit]]  # fmt: skip
        draw_strokes(page, strokes)
    expect(page.locator(".thumbnails img")).to_have_count(3)
    expect(page.get_by_role("textbox", name="You wrote")).to_have_value("017")
    start_run(train_page, epochs=2, batch_size=64)
    train_page.expect_line("^Done")
    expect(page.locator(".digit-strip tbody tr")).to_have_count(3)
    assert get_run(train_page.run_id).read_digits().labels.tolist() == [0, 1, 7]


def test_form_shows_changes_warnings_and_the_network(train_page):
    page = train_page.page
    train_page.choose_recipe("overfitting")
    expect(page.locator(".st-key-train_epochs input")).to_have_value("40")
    page.get_by_text("Learning", exact=True).click()
    train_page.fill("momentum", 0.9)
    expect(page.locator(".st-key-train_group_learning")).to_contain_text("1 changed")
    expect(page.get_by_test_id("stAlert").first).to_contain_text("momentum")
    page.locator(".st-key-train_preview").get_by_role("radio", name="Network").click()
    expect(page.get_by_text("121,930 parameters")).to_be_visible()


def test_start_is_in_sight_of_a_laptop_and_disabled_by_an_invalid_number(page, runs_of_server):
    page.set_viewport_size({"width": 1280, "height": 800})
    train_page = open_form(page)
    expect(train_page.start).to_be_in_viewport(ratio=1)
    expect(train_page.start).to_be_enabled()
    train_page.fill("epochs", 2000)
    expect(train_page.start).to_be_disabled()
    expect(page.get_by_text("Epochs is '2000'; it must be an integer")).to_be_in_viewport()
    train_page.fill("epochs", "")
    train_page.fill("learning_rate", "0,01")
    expect(train_page.start).to_be_in_viewport(ratio=1)
    train_page.start.click()
    config = get_run(train_page.run_id).read_config()
    assert (config.epochs, config.learning_rate) == (5, 0.01)


def test_settings_are_kept_while_another_page_is_open(train_page):
    page = train_page.page
    train_page.fill("epochs", 17)
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    page.get_by_role("link", name="Train").click()
    expect(page.locator(".st-key-train_epochs input")).to_have_value("17")


def test_failed_run_shows_why_and_can_be_renamed_copied_and_deleted(page, runs_of_server):
    message = "The disk is full: free some space, then resume the run."
    run = create_ended_run("Old name", "failed", 3, message)
    train_page = open_run(page, run.id)
    train_page.expect_line("^Failed")
    expect(page.get_by_text(message)).to_be_visible()

    page.get_by_role("button", name="More").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("New name")
    page.keyboard.press("Enter")
    train_page.wait_until_idle()
    train_page.press("train_rename")
    expect(page.get_by_role("combobox", name="Run")).to_have_value(re.compile("New name"))
    assert get_run(run.id).read_meta().label == "New name"

    train_page.press("train_duplicate")
    expect(page.locator(".st-key-train_epochs input")).to_have_value("50")
    expect(page.locator(".st-key-train_learning_rate input")).to_have_value("0.002")

    train_page.show_view("Watch")
    page.get_by_role("button", name="More").click()
    train_page.press("train_delete")
    train_page.press("train_delete_confirmed")
    expect(page.get_by_text("There is no run yet.")).to_be_visible()
    assert list_runs() == []


def test_url_of_a_missing_run_is_explained(page, runs_of_server):
    page.goto("/train?run=20200101-000000-gone")
    expect(page.get_by_test_id("stAlert").first).to_contain_text("it was deleted")


def test_long_run_fits_a_dark_phone(dark_phone, runs_of_server):
    run = create_ended_run("Fifty", "done", 50)
    train_page = open_run(dark_phone, run.id)
    train_page.expect_line("^Done")
    expect(dark_phone.locator(".gtitle >> visible=true")).to_have_count(1)
    for view in ("Choose", "Compare", "Watch"):
        train_page.show_view(view)
        train_page.wait_until_idle()
        assert dark_phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_one_chart_is_visible_in_every_frame_of_a_live_run(train_page):
    """Also when a finding appears beside it: it is updated in place."""
    page = train_page.page
    start_run(train_page, epochs=50, batch_size=FAST_BATCH)
    expect(page.locator("[class*=train_live_curves_] canvas")).to_have_count(1, timeout=LIMIT_MS)
    finding = page.locator("[data-testid^=finding-]").first
    page.evaluate(WATCH_CHARTS)
    expect(finding).to_be_visible(timeout=LIMIT_MS)
    train_page.expect_line("^Epoch 3 of")
    chart = page.locator("[class*=train_live_curves_]")
    expect(chart.get_by_role("img", name=re.compile(r"^After \d+ epochs?: "))).to_be_visible()
    # The picture changed, on one canvas.
    page.wait_for_function("window.pictures.size >= 3", timeout=LIMIT_MS)
    page.evaluate("cancelAnimationFrame(window.watch)")
    assert page.evaluate("window.nFrames") > 10
    assert page.evaluate("[window.nWrongFrames, window.nEmptyFrames]") == [0, 0]
    assert page.evaluate("window.canvases.size") == 1
