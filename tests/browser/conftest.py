import os
import shutil
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from digitlab.runs.control import list_active_runs, stop_run
from tests.browser.chromium import FLAGS, find_chromium
from tests.browser.draw_page import DrawPage
from tests.browser.server import own_folders, serve_app
from tests.worker.workers import wait_until

expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def browser():
    path = find_chromium()
    if path is None:
        reason = "Chromium is missing and could not be installed: set CHROMIUM to its path"
        # On a developer's machine the other tests are worth running; CI must not skip these.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all browser tests: its address and its process."""
    folder: Path = tmp_path_factory.mktemp("server")
    with own_folders(folder):
        os.environ["DIGITLAB_TRAINER"] = "tests.stub_trainer"
        with serve_app(folder / "server.log") as running:
            yield running


@pytest.fixture
def runs_of_server(server, monkeypatch):
    """The test sees the server's runs, finds none of another test's, and leaves none active."""
    environment = psutil.Process(server[1].pid).environ()
    for name in ("DIGITLAB_CACHE", "DIGITLAB_MODELS", "DIGITLAB_RUNS"):
        monkeypatch.setenv(name, environment[name])
    shutil.rmtree(environment["DIGITLAB_RUNS"], ignore_errors=True)
    yield
    for run in list_active_runs():
        stop_run(run, force=True)
    wait_until(lambda: not list_active_runs())


@pytest.fixture
def page(browser, server) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=server[0])
    yield context.new_page()
    context.close()


@pytest.fixture
def dark_phone(browser, server) -> Page:
    """A page on a phone's touch screen, in the dark theme."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, color_scheme="dark",
        base_url=server[0],
    )  # fmt: skip
    yield context.new_page()
    context.close()


@pytest.fixture
def draw_page(page) -> DrawPage:
    page.goto("/")
    return DrawPage(page)
