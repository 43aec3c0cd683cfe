"""Measure the time from the start of the app's process to the first answer, and its memory.

`python -m benchmarks.app_start`
"""

import tempfile
import time
from pathlib import Path

import psutil

from digitlab.ink.samples import SAMPLE_POINTS
from tests.browser.chromium import open_chromium
from tests.browser.draw_page import DrawPage
from tests.browser.server import serve_app

STARTS = 3
CLASSIFICATIONS = 50


def main() -> None:
    """Print the table."""
    print("\nFrom the start of the app's process, in Chromium on the same machine")
    print(f"{'start':>6} {'server up':>10} {'page shown':>11} {'first answer':>13} {'memory':>9}")
    with open_chromium() as browser, tempfile.TemporaryDirectory() as folder:
        # The browser's first page takes longer than any other.
        browser.new_page().goto("about:blank")
        for number in range(1, STARTS + 1):
            page = browser.new_context().new_page()
            begin = time.perf_counter()
            with serve_app(Path(folder) / "server.log") as (url, process):
                up_s = time.perf_counter() - begin
                page.goto(url)
                draw_page = DrawPage(page)
                shown_s = time.perf_counter() - begin
                draw_page.draw([[(x + 10, y + 10) for x, y in line] for line in SAMPLE_POINTS[3]])
                draw_page.expect_digit(3)
                answer_s = time.perf_counter() - begin
                for k in range(CLASSIFICATIONS):
                    page.get_by_role("button", name=f"Sample {k % 10}").click()
                    draw_page.expect_digit(k % 10)
                memory_mb = psutil.Process(process.pid).memory_info().rss / 1e6
            page.context.close()
            print(
                f"{number:6} {up_s:8.2f} s {shown_s:9.2f} s {answer_s:11.2f} s {memory_mb:6.0f} MB"
            )
    print(f"memory: after {CLASSIFICATIONS} more classifications")


if __name__ == "__main__":
    main()
