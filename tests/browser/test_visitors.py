"""Two browsers on a hosted app."""

import contextlib
import json
import os
import urllib.request

import pytest
from playwright.sync_api import expect

from digitlab.model_store.store import list_models
from tests.browser.draw_page import put_unasked_files, wait_until_idle
from tests.browser.server import HOSTED, serve_app, use_empty_folders
from tests.browser.test_own_data_set import upload
from tests.browser.train_page import (
    FAST_BATCH,
    SLOW_BATCH,
    TrainPage,
    open_form,
    open_run,
    start_run,
)

KEPT_FOR_THIS_VISIT = "what you make here is kept for this visit only"


@pytest.fixture
def open_app(browser, tmp_path):
    """Starts a hosted app with a stub for the training; returns its URL, and n visitors."""
    with contextlib.ExitStack() as stack:

        def open_it(n, **variables):
            stack.enter_context(use_empty_folders(tmp_path))
            os.environ.update(variables, DIGITLAB_TRAINER="tests.stub_trainer")
            url, _ = stack.enter_context(serve_app(tmp_path / "server.log", options=HOSTED))
            return url, [stack.enter_context(browser.new_context(base_url=url)) for _ in range(n)]

        yield open_it


def test_visitors_do_not_see_or_change_what_others_make(open_app, browser, tmp_path):
    url, (first, second) = open_app(2)
    ada, bob = first.new_page(), second.new_page()
    ada.goto("/train")
    adas = TrainPage(ada)
    run_id = start_run(adas, epochs=1, batch_size=8)
    bobs = open_run(bob, run_id)
    expect(bob.get_by_text("Another user's run")).to_be_visible()
    expect(bob.locator(".st-key-train_stop")).to_have_count(0)
    # It is not Bob's training.
    expect(bob.locator(".st-key-navigation_run")).to_have_count(0)
    for watcher in (bobs, adas):
        watcher.expect_line("^Done")
    # Watched to its end, it is not Bob's to save, rename or delete: he may repeat it.
    expect(bob.locator(".st-key-train_actions button >> visible=true")).to_have_count(1)
    with urllib.request.urlopen(f"{url}/api/v1/metrics") as answer:
        assert b"digitlab_sessions 2.0" in answer.read()
    bob.goto("/train")
    bobs.show_view("Watch")
    expect(bob.get_by_text("There is no run yet")).to_be_visible()
    # After a restart of her browser Ada is still the owner.
    state = first.storage_state()
    with browser.new_context(base_url=url, storage_state=state) as later:
        again = open_run(later.new_page(), run_id)
        again.save_model("My model")
        for context, n_models in ((later, 1), (second, 0)):
            page = context.new_page()
            page.goto("/models")
            expect(page.get_by_role("heading", name="digitlab CNN")).to_be_visible()
            heading = page.get_by_role("heading", name="My model")
            expect(heading).to_have_count(n_models)
            # Those that come with the app are nobody's to change.
            delete = page.get_by_role("button", name="Delete", exact=True)
            expect(delete).to_have_count(n_models)
    # A model of the same name takes the place of Bob's own only.
    bobs = open_run(bob, run_id)
    bobs.press("train_duplicate")
    bobs.start.click()
    bob.wait_for_url(lambda address: "run=" in address and run_id not in address)
    bobs.expect_line("^Done")
    bobs.save_model("My model")
    models = [model for model in list_models() if model.label == "My model"]
    assert len({model.owner for model in models}) == len(models) == 2
    lines = (tmp_path / "server.log").read_text().splitlines()
    events = [json.loads(line)["event"] for line in lines if line.startswith("{")]
    expected = ["server_started", "cleaned_up", "training_queued", "api_request", "training_queued"]
    assert events == expected


def test_each_limit_is_one_sentence_with_the_way_out(open_app):
    def expect_limit(page, sentence):
        alert = page.get_by_test_id("stAlert").filter(has_text=sentence)
        expect(alert).to_contain_text("At home (make run) there is no such limit.")

    limits = {"epochs": 20, "trainings_at_once": 1, "trainings_per_hour": 2, "queue_length": 1,
              "models": 1, "upload_mb": 0.001}  # fmt: skip
    variables = {f"DIGITLAB_HOSTING_{name.upper()}": str(n) for name, n in limits.items()}
    _, contexts = open_app(3, **variables)
    ada, bob, cleo = (context.new_page() for context in contexts)
    adas = open_form(ada)
    upload(adas, bytes(2000))
    expect_limit(ada, "This zip has 0.0 MB; on this server at most 0.001 MB")
    adas.fill("epochs", 21)
    adas.start.click()
    expect_limit(ada, "at most 20 epochs; this one would have 21")
    expect(ada.locator(".st-key-train_epochs input")).to_have_value("21")
    first = start_run(open_form(ada), epochs=20, batch_size=SLOW_BATCH)
    adas.expect_line("Epoch")
    open_form(ada).start.click()
    expect_limit(ada, "1 training of yours is queued or running")

    bobs_run = start_run(open_form(bob), epochs=1, batch_size=FAST_BATCH)
    cleos = open_form(cleo)
    cleos.start.click()
    expect_limit(cleo, "1 training waits already")

    cleo.goto("/tune")
    cleo.get_by_role("textbox", name="Minutes").fill("60")
    cleo.keyboard.press("Tab")
    wait_until_idle(cleo)
    cleo.get_by_role("button", name="Start the search").click()
    expect_limit(cleo, "a search takes at most 15 minutes")

    adas = open_run(ada, first)
    adas.press("train_stop")
    adas.expect_line("^Stopped")
    adas.save_model("The first")
    bobs = open_run(bob, bobs_run)
    bobs.expect_line("^Done")
    second = start_run(open_form(ada), epochs=1, batch_size=FAST_BATCH)
    adas = open_run(ada, second)
    adas.expect_line("^Done")
    ada.get_by_role("button", name="Save model").click()
    adas.press("train_save")
    expect_limit(ada, "You have 1 model with")
    open_form(ada).start.click()
    expect_limit(ada, "You have started 2 trainings within an hour")


def test_uploads_that_no_widget_asked_for_do_not_fill_the_memory(open_app):
    def put_files(context, n):
        """Open a page and put n files of 24 MB; the status codes."""
        page = context.new_page()
        page.goto("/train")
        expect(page.get_by_text(KEPT_FOR_THIS_VISIT)).to_have_count(0)
        page.get_by_text("Use your own pictures").click()
        return put_unasked_files(page, bytes(24_000_000), n)

    _, (first, second) = open_app(2, DIGITLAB_HOSTING_ALL_UPLOADS_MB="90")
    assert put_files(first, 5) == [204, 204, 204, 413, 413]
    # Together with those of the first one.
    assert put_files(second, 2) == [204, 413]


def test_a_browser_without_a_cookie_is_told_so(open_app):
    _, [framed] = open_app(1)
    # As in a frame of another site.
    page = framed.new_page()
    page.route(
        "**/train",
        lambda route: route.continue_(headers=route.request.headers | {"accept": "*/*"}),
    )
    page.goto("/train")
    expect(page.get_by_text(KEPT_FOR_THIS_VISIT)).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    expect(page.get_by_role("heading", name="Draw a digit")).to_be_visible()
    expect(page.get_by_text(KEPT_FOR_THIS_VISIT)).to_have_count(0)
