"""Measure the Train page: load times of curves, start of training, and Draw meanwhile.

`python -m benchmarks.train_page [TREE]`
"""

import math
import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from benchmarks.page_frames import CURVES
from digitlab.runs.control import start_run, stop_run
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run, create_run, get_run
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig
from tests.browser.app_in_chromium import open_app_in_chromium
from tests.browser.draw_page import DrawPage, wait_until_idle
from tests.browser.server import PROJECT_DIR
from tests.browser.train_page import TrainPage

LOADS = 7
EPOCHS = 50
ANSWERS = 40
STARTS = 3
_POLL_S = 0.2
_IDLE_S = 30


def main(tree: Path = PROJECT_DIR) -> None:
    """Print the tables."""
    with open_app_in_chromium(tree) as (url, browser):
        print("\nFrom Start to the first visible curve, on the offline sample")
        print(f"{'':34} {'median':>9} {'worst':>9}")
        print_times("page just opened", measure_starts(browser, url, idle_s=0))
        print_times(f"page opened {_IDLE_S} s before", measure_starts(browser, url, idle_s=_IDLE_S))
        run = make_long_run()
        print(f"\nThe Train page with a finished run of {EPOCHS} epochs, in Chromium")
        print(f"{'':34} {'median':>9} {'worst':>9}")
        print_times("from the menu to the curves", measure_visits(browser, url, run))
        print_times("opening the page", measure_loads(browser, url, run))
        idle_ms, training_ms = measure_answers(browser, url)
    print("\nFrom a click on a sample digit to its answer on the Draw page, in Chromium")
    print(f"{'':34} {'median':>9}")
    print(f"{'nothing else running':34} {idle_ms:6.0f} ms")
    print(f"{'while a network is trained':34} {training_ms:6.0f} ms")
    print(f"{'ratio':34} {training_ms / idle_ms:6.2f} x")


def make_long_run() -> Run:
    """Create a finished run with curves of many epochs."""
    run = create_run(TrainConfig(epochs=EPOCHS), label="Long")
    rows = [
        (k, 1 - 0.1 * math.exp(-k / 5), 0.36 * math.exp(-k / 5), 0.98, 0.05) for k in range(EPOCHS)
    ]
    table = "\n".join(",".join(map(str, row)) for row in rows)
    run.history_path.write_text(f"epoch,accuracy,loss,val_accuracy,val_loss\n{table}\n", "utf-8")
    run.write_status(RunStatus(state="done", epoch=EPOCHS, epochs=EPOCHS))
    return run


def print_times(name: str, times_s: list[float]) -> None:
    """One row of the first table."""
    print(f"{name:34} {statistics.median(times_s):7.2f} s {max(times_s):7.2f} s")


def measure_visits(browser: Browser, url: str, run: Run) -> list[float]:
    """Seconds from a click in the menu to the drawn curves, with the app open."""
    page = browser.new_page()
    page.goto(f"{url}/train?run={run.id}")
    page.locator(".gtitle").first.wait_for()
    times_s = []
    for _ in range(LOADS):
        page.get_by_role("link", name="Models").click()
        page.get_by_role("heading", name="Models", exact=True).wait_for()
        expect(page.locator(".gtitle")).to_have_count(0)
        wait_until_idle(page)
        begin = time.perf_counter()
        page.get_by_role("link", name="Train").click()
        page.locator(".gtitle").first.wait_for()
        times_s.append(time.perf_counter() - begin)
    page.close()
    return times_s


def measure_loads(browser: Browser, url: str, run: Run) -> list[float]:
    """Seconds from opening the page to the drawn curves, without a first visit as warm-up.

    Streamlit and plotly are loaded in this time.
    """
    times_s = []
    context = browser.new_context()
    for number in range(LOADS + 1):
        page = context.new_page()
        begin = time.perf_counter()
        page.goto(f"{url}/train?run={run.id}")
        page.locator(".gtitle").first.wait_for()
        if number:
            times_s.append(time.perf_counter() - begin)
        page.close()
    context.close()
    return times_s


def measure_starts(browser: Browser, url: str, *, idle_s: float) -> list[float]:
    """Seconds from a click on Start to a curve.

    Args:
        idle_s: how long the page is open before; a worker is started in advance in 30 s.
    """
    times_s = []
    for _ in range(STARTS):
        page = browser.new_page()
        page.goto(f"{url}/train")
        train_page = TrainPage(page)
        page.wait_for_timeout(idle_s * 1000)
        begin = time.perf_counter()
        train_page.start.click()
        page.locator(f":is({CURVES}) >> visible=true").first.wait_for()
        times_s.append(time.perf_counter() - begin)
        run = get_run(train_page.run_id)
        stop_run(run)
        _wait_for_end(run)
        page.close()
    return times_s


def measure_answers(browser: Browser, url: str) -> tuple[float, float]:
    """Medians in milliseconds: idle, and while a run trains on the offline sample."""
    page = browser.new_page()
    page.goto(url)
    draw_page = DrawPage(page)
    idle_ms = _measure_median_ms(page, draw_page)
    run = create_run(TrainConfig(epochs=1000))
    start_run(run)
    _wait_for(run, "training")
    training_ms = _measure_median_ms(page, draw_page)
    status = inspect_run(run)
    if status.state != "training":
        raise RuntimeError(f"The run was {status.state} too early: {status.message}")
    stop_run(run)
    _wait_for_end(run)
    return idle_ms, training_ms


def _measure_median_ms(page: Page, draw_page: DrawPage) -> float:
    times_ms = []
    for k in range(ANSWERS + 5):
        digit = k % 10
        draw_page.wait_until_idle()
        begin = time.perf_counter()
        page.get_by_role("button", name=f"Sample {digit}").click()
        expect(draw_page.digit).to_have_text(str(digit))
        # The first five are a warm-up.
        if k >= 5:
            times_ms.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times_ms)


def _wait_for_end(run: Run) -> None:
    while not inspect_run(run).is_final:
        time.sleep(_POLL_S)


def _wait_for(run: Run, state: str) -> None:
    while (status := inspect_run(run)).state != state:
        if status.is_final:
            raise RuntimeError(f"The run has ended: {status.message}")
        time.sleep(_POLL_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if sys.argv[1:] else PROJECT_DIR)
