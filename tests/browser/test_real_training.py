"""The Train page in Chromium with the real trainer; the other tests use the stub trainer."""

import re

import pytest
from playwright.sync_api import expect

from digitlab.runs.run import get_run
from tests.browser.draw_page import DrawPage
from tests.browser.train_page import TrainPage


@pytest.mark.integration
def test_network_is_trained_kept_and_reads_a_drawing(training_page):
    """A recipe with few epochs on the offline sample, from Start to the answer."""
    page = training_page
    page.goto("/train")
    train_page = TrainPage(page)
    train_page.choose_recipe("simple_cnn")
    train_page.fill("epochs", 3)
    train_page.start.click()
    train_page.expect_line(r"^Done · \d\d\.\d+% on the test set")
    history = get_run(train_page.run_id).read_history()
    assert [row["epoch"] for row in history] == [0, 1, 2]
    assert history[-1]["loss"] < history[0]["loss"]
    expect(page.locator(".gtitle >> visible=true")).to_have_count(1)

    train_page.save_model("My first")
    train_page.press("train_draw")
    draw_page = DrawPage(page)
    model = page.get_by_role("combobox", name="Read by")
    expect(model).to_have_value(re.compile("My first"))
    draw_page.draw_sample(0)
    draw_page.expect_digit(0)


@pytest.mark.integration
def test_a_learning_rate_is_found_and_used(training_page):
    page = training_page
    page.goto("/train")
    train_page = TrainPage(page)
    train_page.wait_until_idle()
    page.get_by_text("Which learning rate?").click()
    page.get_by_role("button", name="Test these settings").click()
    use = page.get_by_role("button", name=re.compile("^Use 0"))
    expect(use).to_be_visible(timeout=60_000)
    rate = use.inner_text().rpartition("Use ")[2]
    expect(page.get_by_text(f"The loss falls fastest at {rate}")).to_be_visible()
    use.click()
    expect(page.get_by_role("textbox", name="Learning rate", exact=True)).to_have_value(rate)
