"""The app and a browser together, for benchmarks and screenshots."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import FLAGS, find_chromium
from tests.browser.server import own_folders, serve_app


@contextlib.contextmanager
def open_app_in_chromium() -> Iterator[tuple[str, Browser]]:
    """Yields the URL of the app, with folders of its own, and Chromium."""
    # Before the driver starts: looking for a browser starts one of its own.
    path = find_chromium()
    with (
        tempfile.TemporaryDirectory() as folder,
        own_folders(Path(folder)),
        serve_app(Path(folder) / "server.log") as (url, _),
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield url, browser
        browser.close()
