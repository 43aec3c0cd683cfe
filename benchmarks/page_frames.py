"""Count in Chromium what users should not see: ghosts of charts, and blank pages.

`python -m benchmarks.page_frames [TREE]`

A chart is a ghost while it is visible beside its successor; a chart is missing while there is
none. After the click on a page's link the page is blank while nothing is visible below a title.
All of it is looked at in every frame that the browser draws.
"""

import os
import statistics
import sys
from pathlib import Path
from unittest import mock

from playwright.sync_api import Page

from digitlab.runs.control import list_active_runs, stop_run
from tests.browser.app_in_chromium import open_app_in_chromium
from tests.browser.draw_page import wait_until_idle
from tests.browser.server import PROJECT_DIR
from tests.browser.train_page import TrainPage

PAGES = ("Train", "Evaluate", "Models", "Draw")
ROUNDS = 5
TRAINING_S = 20
_ANSWER_S = 0.7
_SWITCH_S = 2.5
# Plotly has drawn a chart when it has drawn the title or an axis.
_START = """(selector) => {
  const isVisible = (node) => {
    const { width, height } = node.getBoundingClientRect();
    return width > 0 && height > 0 && node.checkVisibility({ checkOpacity: true,
      checkVisibilityCSS: true, opacityProperty: true, visibilityProperty: true });
  };
  const isDrawn = (node) => !node.matches(".js-plotly-plot") ||
    node.querySelector(".gtitle, .xtick") !== null;
  const watch = window.frameWatch = { frames: [], isOn: true };
  const look = (time) => {
    const top = document.querySelector("h1")?.getBoundingClientRect().bottom ?? Infinity;
    const isCounted = (node) => isVisible(node) && isDrawn(node) &&
      node.getBoundingClientRect().top >= top - 1;
    const nodes = [...document.querySelectorAll(selector)];
    watch.frames.push([time, nodes.filter(isCounted).length]);
    if (watch.isOn) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
_STOP = "() => { window.frameWatch.isOn = false; return window.frameWatch.frames; }"
# The bars of the Draw page are a chart of plotly or a list; the curves are one of two libraries'.
_BARS = ".st-key-draw_answer :is(.js-plotly-plot, .draw-bars)"
CURVES = (
    '[class*="st-key-train_curves"] .js-plotly-plot, [class*="st-key-train_live_curves"] canvas'
)
_CONTENT = ".stMainBlockContainer [data-testid=stElementContainer]"

# The time in milliseconds, and how many there are.
Frames = list[tuple[float, int]]


def main(tree: Path = PROJECT_DIR) -> None:
    """Print both tables."""
    # It trains nothing, but writes the same run directory.
    trainer = mock.patch.dict(os.environ, {"DIGITLAB_TRAINER": "tests.stub_trainer"})
    with trainer, open_app_in_chromium(tree) as (url, browser):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url)
        # First, so that its first round opens each page for the first time in the process.
        blank_ms = _measure_switches(page)
        charts = {"bars of the Draw page": _watch_bars(page)}
        page.goto(f"{url}/train")
        charts["curves of a running run"] = _watch_curves(page)
    print(f"\nCharts in each frame{'':14} {'frames':>8} {'none':>8} {'one':>8} {'more':>8}")
    for name, frames in charts.items():
        counts = [number for _, number in frames]
        none, one = counts.count(0), counts.count(1)
        print(f"{name:34} {len(counts):8} {none:8} {one:8} {len(counts) - none - one:8}")
    print(f"\n{'Blank while the page switches to':34} {'median':>9} {'longest':>9}")
    for label, times_ms in blank_ms.items():
        print(f"{label:34} {statistics.median(times_ms):6.0f} ms {max(times_ms):6.0f} ms")


def _watch_bars(page: Page) -> Frames:
    """From the first answer on, while ten samples are clicked one after another."""
    page.get_by_role("button", name="Sample 0").click()
    page.locator(f"{_BARS} >> visible=true").first.wait_for()
    # The first chart loads its library.
    page.wait_for_timeout(3000)
    page.evaluate(_START, _BARS)
    for digit in range(1, 10):
        page.get_by_role("button", name=f"Sample {digit}").click()
        page.wait_for_timeout(_ANSWER_S * 1000)
    return _stop(page)


def _watch_curves(page: Page) -> Frames:
    """From the first curve on; the run is stopped afterwards."""
    # Half a minute.
    TrainPage(page).fill("batch_size", 2)
    page.locator(".st-key-train_start button").click()
    page.locator(f":is({CURVES}) >> visible=true").first.wait_for(timeout=60_000)
    page.evaluate(_START, CURVES)
    page.wait_for_timeout(TRAINING_S * 1000)
    frames = _stop(page)
    while runs := list_active_runs():
        for run in runs:
            stop_run(run, force=True)
        page.wait_for_timeout(200)
    return frames


def _measure_switches(page: Page) -> dict[str, list[float]]:
    """The longest time without content after each click on a page's link."""
    blank_ms: dict[str, list[float]] = {label: [] for label in PAGES}
    wait_until_idle(page)
    for _ in range(ROUNDS):
        for label, times_ms in blank_ms.items():
            page.evaluate(_START, _CONTENT)
            page.get_by_role("link", name=label).first.click()
            page.wait_for_timeout(_SWITCH_S * 1000)
            times_ms.append(_find_longest_gap(_stop(page)))
            wait_until_idle(page)
    return blank_ms


def _stop(page: Page) -> Frames:
    frames: Frames = page.evaluate(_STOP)
    return frames


def _find_longest_gap(frames: Frames) -> float:
    """From the last frame with something to the next; 0 if each frame has something."""
    longest, begin = 0.0, frames[0][0]
    for time_ms, number in frames:
        if number:
            begin = time_ms
        else:
            longest = max(longest, time_ms - begin)
    return longest


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if sys.argv[1:] else PROJECT_DIR)
