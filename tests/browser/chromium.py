"""Chromium for the browser tests: found, or installed with the system's package manager."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def find_chromium() -> str | None:
    """The browser's path: `CHROMIUM`, one on the system, Playwright's own, or None."""
    named = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if named:
        return named
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        own = driver.chromium.executable_path
    return own if Path(own).exists() else None


def install_chromium() -> None:
    """Install Chromium: from Debian's or Ubuntu's packages, elsewhere through Playwright."""
    if shutil.which("apt-get"):
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        install = ["install", "-y", "-qq", "--no-install-recommends", "chromium"]
        for arguments in (["update", "-qq"], install):
            command = [*sudo, "apt-get", *arguments]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    if find_chromium() is None:
        print("Installing Chromium for the browser tests …", flush=True)
        install_chromium()
