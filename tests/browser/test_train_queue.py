"""Runs in the queue, stopped and killed runs, on the Train page in Chromium."""

import os

from playwright.sync_api import expect

from digitlab.runs.checkpoints import find_checkpoint
from digitlab.runs.control import list_active_runs
from digitlab.runs.health import inspect_run
from digitlab.runs.queue import find_position
from digitlab.runs.run import get_run
from tests.browser.server import serve_app, use_empty_folders
from tests.browser.train_page import (
    FAST_BATCH,
    SLOW_BATCH,
    open_form,
    open_run,
    start_run,
)
from tests.worker.workers import wait_until


def get_state(run):
    return inspect_run(run).state


def test_second_run_is_queued_and_can_be_cancelled(train_page):
    first = start_run(train_page, epochs=50, batch_size=SLOW_BATCH)
    train_page.expect_line("^Epoch 1 of")
    train_page.show_view("Choose")
    expect(train_page.start).to_contain_text("Add to queue")
    train_page.start.click()
    train_page.expect_line("^Queued, next")
    train_page.press("train_stop")
    train_page.expect_line("^Cancelled")
    open_run(train_page.page, first).expect_line(r"^Epoch \d+ of 50")


def test_run_stopped_in_its_first_epoch_has_no_model(train_page):
    run = get_run(start_run(train_page, epochs=2, batch_size=1))
    train_page.expect_line("^Epoch 1 of")
    train_page.press("train_stop")
    train_page.expect_line("^Cancelled")
    expect(train_page.page.get_by_text("no model yet")).to_be_visible()
    assert not run.has_model


def test_two_users_start_at_once_and_the_app_restarts(browser, tmp_path):
    """One run trains, the other is queued; both continue without the app."""
    with use_empty_folders(tmp_path):
        os.environ["DIGITLAB_TRAINER"] = "tests.stub_trainer"
        with serve_app(tmp_path / "first.log") as (url, _):
            context = browser.new_context(base_url=url)
            train_pages = [open_form(context.new_page()) for _ in range(2)]
            for train_page in train_pages:
                train_page.fill("batch_size", 1)
            for train_page in train_pages:
                train_page.start.click(no_wait_after=True)
            runs = {get_run(train_page.run_id): train_page for train_page in train_pages}
            wait_until(lambda: sorted(map(get_state, runs)) == ["queued", "training"])
            training, queued = sorted(runs, key=find_position)
            runs[training].expect_line("^Epoch 1 of")
            runs[queued].expect_line("^Queued, next")
            context.close()
        with serve_app(tmp_path / "second.log") as (url, _):
            context = browser.new_context(base_url=url)
            train_page = open_run(context.new_page(), queued.id)
            train_page.expect_line("^Queued, next")
            train_page.press("train_stop")
            train_page.expect_line("^Cancelled")
            train_page = open_run(train_page.page, training.id)
            train_page.expect_line("^Epoch ")
            train_page.press("train_stop")
            train_page.expect_line("^(Stopped by you|Cancelled)")
            context.close()
        assert list_active_runs() == []


def test_killed_worker_is_noticed_and_the_run_resumes(train_page):
    run = get_run(start_run(train_page, epochs=50, batch_size=FAST_BATCH))
    train_page.expect_line(r"^Epoch ([2-9]|\d\d) of 50")
    run.read_status().process.terminate(timeout_s=0.1)
    train_page.expect_line("^Interrupted", timeout=10_000)
    n_epochs = find_checkpoint(run)
    assert n_epochs >= 1
    train_page.resume(epochs=1)
    train_page.expect_line("^Done")
    assert [row["epoch"] for row in run.read_history()] == list(range(n_epochs + 1))
