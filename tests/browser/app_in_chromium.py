"""The app and a browser together, for whoever is no test: benchmarks, and the README's pictures."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import FLAGS, find_chromium
from tests.browser.server import own_folders, serve_app


@contextlib.contextmanager
def open_app_in_chromium() -> Iterator[tuple[str, Browser]]:
    """Yields the address of the app, with runs and models of its own, and Chromium."""
    with (
        tempfile.TemporaryDirectory() as folder,
        own_folders(Path(folder)),
        serve_app(Path(folder) / "server.log") as (url, _),
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        yield url, browser
        browser.close()
