"""Finding a browser: what only looks like one is passed over."""

import sys

import pytest

from tests.browser.chromium import find_chromium


@pytest.fixture
def make_executable(tmp_path, monkeypatch):
    """Executables on an otherwise empty PATH; Playwright's own browser is out of sight."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    (tmp_path / "bin").mkdir()

    def make(name, exit_code):
        path = tmp_path / "bin" / name
        path.write_text(f"#!{sys.executable}\nraise SystemExit({exit_code})\n")
        path.chmod(0o755)
        return str(path)

    return make


def test_the_snap_stub_of_ubuntu_is_not_a_browser(make_executable):
    make_executable("chromium", 1)
    assert find_chromium() is None
    browser = make_executable("google-chrome", 0)
    assert find_chromium() == browser


def test_the_named_browser_comes_first(make_executable, monkeypatch):
    make_executable("chromium", 0)
    monkeypatch.setenv("CHROMIUM", "/opt/browser")
    assert find_chromium() == "/opt/browser"
