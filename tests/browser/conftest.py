import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from digitlab.runs.control import list_active_runs, stop_run
from tests.browser.chromium import FLAGS, find_chromium
from tests.browser.draw_page import DrawPage
from tests.browser.server import serve_app, use_empty_folders
from tests.browser.train_page import TrainPage, open_form
from tests.worker.workers import wait_until

expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def browser():
    path = find_chromium()
    if path is None:
        reason = "Chromium is missing and could not be installed: set CHROMIUM to its path"
        if os.environ.get("CI"):
            pytest.fail(reason)
        # A developer without a browser can still run the other tests.
        pytest.skip(reason)
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The URL and the process of one server for all browser tests."""
    folder: Path = tmp_path_factory.mktemp("server")
    with use_empty_folders(folder):
        os.environ["DIGITLAB_TRAINER"] = "tests.stub_trainer"
        with serve_app(folder / "server.log") as running:
            yield running


@pytest.fixture
def training_page(browser, tmp_path):
    """A page of a server of its own with the real trainer; high, so that no list is scrolled shut.

    Its base URL is the server's; the test has the server's folders.
    """
    with use_empty_folders(tmp_path):
        os.environ.pop("DIGITLAB_TRAINER", None)
        with serve_app(tmp_path / "server.log") as (url, _):
            context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 1600})
            yield context.new_page()
            context.close()


@pytest.fixture
def runs_of_server(server, monkeypatch):
    """Gives the test the server's folders, without the runs of other tests; ends its runs."""
    environment = psutil.Process(server[1].pid).environ()
    for name in ("CACHE", "DATASETS", "MODELS", "RUNS", "STUDIES"):
        monkeypatch.setenv(f"DIGITLAB_{name}", environment[f"DIGITLAB_{name}"])
    for name in ("RUNS", "STUDIES"):
        shutil.rmtree(environment[f"DIGITLAB_{name}"], ignore_errors=True)
    yield
    for run in list_active_runs():
        stop_run(run, force=True)
    wait_until(lambda: not list_active_runs())


# One context each for all tests: its cache spares them a second of loading Streamlit.
@pytest.fixture(scope="session")
def desktop(browser, server) -> Iterator[BrowserContext]:
    viewport = {"width": 1280, "height": 900}
    with browser.new_context(viewport=viewport, base_url=server[0]) as context:
        yield context


@pytest.fixture(scope="session")
def phone(browser, server) -> Iterator[BrowserContext]:
    """A phone's touch screen with the dark theme."""
    with browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, color_scheme="dark",
        base_url=server[0],
    ) as context:  # fmt: skip
        yield context


@pytest.fixture
def page(desktop) -> Iterator[Page]:
    with desktop.new_page() as page:
        yield page


@pytest.fixture
def dark_phone(phone) -> Iterator[Page]:
    with phone.new_page() as page:
        yield page


@pytest.fixture
def draw_page(page) -> DrawPage:
    page.goto("/")
    return DrawPage(page)


@pytest.fixture
def train_page(page, runs_of_server) -> TrainPage:
    return open_form(page)
