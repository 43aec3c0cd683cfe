"""Teaching a model the user's hand in Chromium: draw, say which digit it is, start the run."""

import re

import pytest
from playwright.sync_api import expect

from digitlab.ink.samples import build_sample_drawing
from digitlab.runs.run import list_runs
from digitlab.runs.taught import load_taught_digits
from digitlab.training.teaching import MIN_DIGITS, format_drawings
from tests.browser.draw_page import DrawPage
from tests.browser.train_page import TrainPage


def add_digit(draw_page, digit, *, n):
    """Draw a digit and say which it is; the canvas is cleared for the next."""
    page = draw_page.page
    draw_page.draw_sample(digit)
    draw_page.expect_digit(digit)
    page.get_by_role("button", name="Wrong? Tell it").click()
    page.locator(f".st-key-teach_as_{digit} button").click()
    noun = "digit" if n == 1 else "digits"
    expect(page.get_by_text(f"Teach it your hand · {n} {noun}")).to_be_visible()
    draw_page.expect_blank()
    draw_page.wait_until_idle()
    # The styles of the whole page are still there.
    assert (
        page.locator(".stMainBlockContainer").evaluate("node => getComputedStyle(node).maxWidth")
        == "1152px"
    )


def test_ten_digits_start_a_run_and_survive_as_a_file(page, runs_of_server, tmp_path):
    page.goto("/")
    draw_page = DrawPage(page)
    # Without a drawing there is nothing to add.
    page.get_by_role("button", name="Wrong? Tell it").click()
    page.locator(".st-key-teach_as_3 button").click()
    page.get_by_text("Teach it your hand · 0 digits").click()
    expect(page.get_by_text("Draw a digit first")).to_be_visible()
    for n in range(1, 4):
        add_digit(draw_page, n % 10, n=n)
    with page.expect_download() as download:
        page.locator(".st-key-teach_save button").click()
    path = tmp_path / "digits.json"
    download.value.save_as(path)
    for n in (6, 9, 12):
        page.locator(".st-key-teach input[type=file]").set_input_files(path)
        expect(page.get_by_text(f"Teach it your hand · {n} digits")).to_be_visible()
        draw_page.wait_until_idle()
    page.get_by_role("button", name=re.compile("^Fine-tune digitlab CNN")).click()
    TrainPage(page).expect_line("Done|Epoch|Evaluating")
    [run] = list_runs()
    taught = load_taught_digits(run.directory)
    assert len(taught.labels) == 12 >= MIN_DIGITS
    assert sorted(set(taught.labels.tolist())) == [1, 2, 3]
    assert run.read_config().init_from == "digitlab_cnn"


@pytest.mark.integration
def test_a_taught_model_is_saved_and_reads_a_drawing(training_page):
    drawings = format_drawings([(build_sample_drawing(k % 10), k % 10) for k in range(MIN_DIGITS)])
    page = training_page
    page.goto("/")
    draw_page = DrawPage(page)
    page.get_by_role("combobox", name="Read by").click()
    page.get_by_role("option", name=re.compile("Simple CNN")).click()
    draw_page.wait_until_idle()
    page.get_by_text("Teach it your hand · 0 digits").click()
    page.locator(".st-key-teach input[type=file]").set_input_files(
        {"name": "digits.json", "mimeType": "application/json", "buffer": drawings}
    )
    draw_page.wait_until_idle()
    page.get_by_role("button", name=re.compile("^Fine-tune Simple CNN")).click()
    TrainPage(page).expect_line(r"^Done · \d\d\.\d+% on the test set")
    expect(page.get_by_text("digits that were held out")).to_be_visible()
    page.get_by_role("button", name="Use on the Draw page").click()
    draw_page = DrawPage(page)
    model = page.get_by_role("combobox", name="Read by")
    expect(model).to_have_value(re.compile("Simple CNN, my hand"))
    draw_page.draw_sample(3)
    draw_page.expect_digit(3)
