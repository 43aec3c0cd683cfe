"""The Tune page in Chromium: a search from its start to the shelf, with a stub for the training."""

import re

import pytest
from playwright.sync_api import expect

from digitlab.model_store.store import list_models
from digitlab.tuning.study import list_trial_runs
from tests.browser.draw_page import wait_until_idle


@pytest.mark.usefixtures("runs_of_server")
def test_a_search_is_started_watched_left_and_used(page):
    page.goto("/tune")
    page.get_by_role("textbox", name="Epochs a trial").fill("1")
    page.get_by_role("textbox", name="Trials at most").fill("3")
    page.keyboard.press("Tab")
    expect(page.get_by_text("3 trials in")).to_be_visible()
    wait_until_idle(page)
    page.get_by_role("button", name="Start the search").click()
    page.wait_for_url(re.compile(r"/tune\?study="))
    address = page.url
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(page.get_by_text("Select a trial to open its run.")).to_be_visible(timeout=60_000)
    # It goes on while the page is left, and its address leads back.
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    page.goto(address)
    expect(page.get_by_text("3 of 3")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Test accuracy", exact=True)).to_be_visible(timeout=60_000)

    wait_until_idle(page)
    page.get_by_role("button", name="Save the best as a model").click()
    expect(page.get_by_text("is saved: see Models")).to_be_visible()
    assert any("Simple CNN: Learning rate, Dropout" in model.label for model in list_models())
    # A trial and its search lead to each other.
    page.goto(f"/train?run={list_trial_runs(address.partition('study=')[2])[0].id}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Show its search").click()
    page.wait_for_url(address)
    wait_until_idle(page)
    page.get_by_role("button", name="Train the best one fully").click()
    page.wait_for_url(re.compile(r"/train\?run="))
    expect(page.get_by_test_id("run-line").last).to_be_visible()
    page.go_back()
    expect(page.get_by_text("3 of 3")).to_be_visible()
