"""The app and a browser together, for benchmarks and screenshots."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.chromium import open_chromium
from tests.browser.server import PROJECT_DIR, serve_app, use_empty_folders


@contextlib.contextmanager
def open_app_in_chromium(tree: Path = PROJECT_DIR) -> Iterator[tuple[str, Browser]]:
    """Yields the URL of the app, with folders of its own, and Chromium.

    Args:
        tree: the checkout whose app it is.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        use_empty_folders(Path(folder)),
        serve_app(Path(folder) / "server.log", tree=tree) as (url, _),
        open_chromium() as browser,
    ):
        yield url, browser
