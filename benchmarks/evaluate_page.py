"""Measure the Evaluate page in Chromium: load time, and the time to update after a choice.

`python -m benchmarks.evaluate_page`
"""

import statistics
import time

from playwright.sync_api import Browser

from tests.browser.app_in_chromium import open_app_in_chromium
from tests.browser.evaluate_page import EvaluatePage

MODEL_ID = "simple_cnn"
LOADS = 5


def main() -> None:
    """Print the table."""
    with open_app_in_chromium() as (url, browser):
        loads_ms = measure_loads(browser, url)
        page = browser.new_page()
        page.goto(f"{url}/evaluate?model={MODEL_ID}&view=gallery")
        filters_ms = EvaluatePage(page).time_filters()
        page.goto(f"{url}/evaluate?model={MODEL_ID}&view=calibration")
        thresholds_ms = EvaluatePage(page).time_thresholds()
    print(f"\nThe Evaluate page in Chromium{'':21} median     worst")
    for action, times_ms in (
        ("opening the page", loads_ms),
        ("changing a filter of the gallery", filters_ms),
        ("moving the threshold", thresholds_ms),
    ):
        print(f"{action:46} {statistics.median(times_ms):7.0f} ms {max(times_ms):7.0f} ms")


def measure_loads(browser: Browser, url: str) -> list[float]:
    """Milliseconds until the confusion matrix is drawn, without a first visit as warm-up."""
    times_ms = []
    for number in range(LOADS + 1):
        page = browser.new_page()
        begin = time.perf_counter()
        page.goto(f"{url}/evaluate?model={MODEL_ID}")
        page.locator(".st-key-evaluate_matrix .gtitle").wait_for()
        if number:
            times_ms.append((time.perf_counter() - begin) * 1000)
        page.close()
    return times_ms


if __name__ == "__main__":
    main()
