"""Chromium for the browser tests: found, or installed by Playwright or the package manager."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
# The first has no window: the tests take a seventh less time with it.
_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
_VERSION_TIMEOUT_S = 60
_INSTALL_TIMEOUT_S = 600


def find_chromium() -> str | None:
    """The path of a Chromium that starts: `CHROMIUM`, Playwright's own, the system's, or None."""
    named = os.environ.get("CHROMIUM")
    if named:
        return named
    system = [path for name in _NAMES if (path := shutil.which(name))]
    return next(filter(_can_start, [_find_playwright_chromium(), *system]), None)


@contextlib.contextmanager
def open_chromium() -> Iterator[Browser]:
    """A headless Chromium, closed after the block.

    Raises:
        RuntimeError: there is none.
    """
    # Before the driver starts, which may run only once: looking for a browser starts it too.
    path = find_chromium()
    if path is None:
        raise RuntimeError("Chromium is missing: run `make browser` or set CHROMIUM to its path")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def install_chromium() -> str | None:
    """Try Playwright's download first, then the package manager; None if neither works."""
    playwright = [sys.executable, "-m", "playwright"]
    apt = ["apt-get"] if os.geteuid() == 0 else ["sudo", "--non-interactive", "apt-get"]
    # On Ubuntu the package only installs the snap, which does not start everywhere.
    attempts = [
        [[*playwright, "install", "chromium"]],
        [[*playwright, "install-deps", "chromium"]],
        [[*apt, "update", "-qq"], [*apt, "install", "-y", "-qq", "chromium-headless-shell"]],
        [[*apt, "install", "-y", "-qq", "chromium"]],
    ]
    for commands in attempts:
        for command in commands:
            _run(command)
        if path := find_chromium():
            return path
    return None


def _find_playwright_chromium() -> str:
    with sync_playwright() as driver:
        return driver.chromium.executable_path


def _can_start(path: str) -> bool:
    """Whether it is a browser: Ubuntu's `chromium` is a script that asks for a snap."""
    if not Path(path).exists():
        return False
    try:
        command = [path, "--version"]
        subprocess.run(command, check=True, capture_output=True, timeout=_VERSION_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, timeout=_INSTALL_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{command[0]}: {error}", flush=True)


if __name__ == "__main__":
    if find_chromium() is None:
        print("Installing Chromium for the browser tests …", flush=True)
        if install_chromium() is None:
            # The tests say so: they skip here and fail in CI.
            print("Chromium could not be installed. Set CHROMIUM to the path of a browser.")
