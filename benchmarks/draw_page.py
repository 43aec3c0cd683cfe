"""Measure the Draw page in Chromium: `python -m benchmarks.draw_page [TREE]`.

TREE is another checkout, for a comparison.
"""

import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Page, expect

from digitlab.ink.samples import SAMPLE_POINTS, Points
from tests.browser.app_in_chromium import open_app_in_chromium
from tests.browser.draw_page import find_canvas, find_canvas_box, wait_until_idle
from tests.browser.server import PROJECT_DIR

DELAYS_S = (0.0, 0.1, 0.2, 0.3, 0.4)
STROKES = 20
_STEP_S = 0.025
_SETTLE_S = 1.2

# Counts frames without a canvas, and notes when the answer changed and the pen went up.
_WATCH = """() => {
  const watch = window.watch = { frames: 0, blank: 0, changes: [], up: 0 };
  const isVisible = (node) => node.checkVisibility() && node.getBoundingClientRect().width > 0;
  const look = () => {
    const hosts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
    const find = ({ shadowRoot }) => shadowRoot?.querySelector("canvas.upper-canvas");
    const canvases = hosts.map(find);
    watch.frames += 1;
    watch.blank += canvases.some((canvas) => canvas && isVisible(canvas)) ? 0 : 1;
    requestAnimationFrame(look);
  };
  look();
  window.addEventListener("mouseup", () => { watch.up = performance.now(); }, true);
  let before;
  new MutationObserver(() => {
    const digit = document.querySelector("[data-testid=digit], [data-testid=number]");
    const layers = document.querySelector(".layer-pictures");
    const answer = [digit?.closest(".stHtml"), layers].map((node) => node?.innerHTML).join();
    if (answer !== before) watch.changes.push(performance.now());
    before = answer;
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def main(tree: Path = PROJECT_DIR) -> None:
    """Print the table."""
    with open_app_in_chromium(tree) as (url, browser):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url)
        find_canvas(page).wait_for()
        page.evaluate(_WATCH)
        n_lost = sum(_loses_stroke_after_clear(page, delay_s) for delay_s in DELAYS_S)
        blank = {
            "Clear": _count_blank_frames(page, lambda: _press(page, "clear")),
            "Undo": _count_blank_frames(page, lambda: _press(page, "undo")),
            "a sample": _count_blank_frames(page, lambda: _try_sample(page)),
        }
        answers = [_count_live_answers(page) for _ in range(5)]
        answer_ms = {"answer": _measure_answers_ms(page)}
        layers = page.get_by_text("Inside the network")
        # An earlier checkout has no such switch.
        if layers.count():
            layers.click()
            answer_ms["answer and the outputs of all layers"] = _measure_answers_ms(page)
    print(f"\nThe Draw page in Chromium, {tree}")
    print(f"strokes lost, begun {DELAYS_S} s after Clear: {n_lost} of {len(DELAYS_S)}")
    for action, (n_blank, n_frames) in blank.items():
        print(f"frames without a canvas after {action}: {n_blank} of {n_frames}")
    print(f"answers a second while the pen is down: {statistics.median(answers):.1f}")
    for name, times_ms in answer_ms.items():
        print(
            f"pen-up to {name}, {STROKES} strokes: median {statistics.median(times_ms):.0f} ms, "
            f"worst {max(times_ms):.0f} ms"
        )


def _press(page: Page, button: str) -> None:
    found = page.locator(f".st-key-draw_{button} button")
    if found.is_enabled():
        found.click(no_wait_after=True)


def _try_sample(page: Page) -> None:
    page.get_by_role("button", name="Sample 5").click(no_wait_after=True)


def _loses_stroke_after_clear(page: Page, delay_s: float) -> bool:
    _draw(page, SAMPLE_POINTS[3])
    _settle(page)
    box = find_canvas_box(page)
    _press(page, "clear")
    time.sleep(delay_s)
    _draw(page, SAMPLE_POINTS[1], left=box["x"], top=box["y"])
    _settle(page)
    is_lost = page.get_by_test_id("digit").count() == 0
    _press(page, "clear")
    _settle(page)
    return is_lost


def _count_blank_frames(page: Page, action: Callable[[], None]) -> tuple[int, int]:
    _draw(page, SAMPLE_POINTS[3])
    _settle(page)
    page.evaluate("window.watch.frames = window.watch.blank = 0")
    action()
    _settle(page)
    counts: list[int] = page.evaluate("[window.watch.blank, window.watch.frames]")
    _press(page, "clear")
    _settle(page)
    return counts[0], counts[1]


def _count_live_answers(page: Page) -> float:
    """Answers a second while a 7 is drawn in about two seconds."""
    box = find_canvas_box(page)
    corners = [(80.0, 62.0), (198.0, 58.0), (130.0, 230.0)]
    page.mouse.move(box["x"] + corners[0][0], box["y"] + corners[0][1])
    page.evaluate("window.watch.changes = []")
    page.mouse.down()
    begin = time.perf_counter()
    for (x, y), (to_x, to_y) in pairwise(corners):
        for k in range(1, 31):
            page.mouse.move(box["x"] + x + (to_x - x) * k / 30, box["y"] + y + (to_y - y) * k / 30)
            time.sleep(_STEP_S)
    duration_s = time.perf_counter() - begin
    n_answers: int = page.evaluate("window.watch.changes.length")
    page.mouse.up()
    _settle(page)
    _press(page, "clear")
    _settle(page)
    return n_answers / duration_s


def _measure_answers_ms(page: Page) -> list[float]:
    return [_measure_answer_ms(page, k % 10) for k in range(STROKES)]


def _measure_answer_ms(page: Page, digit: int) -> float:
    """From the end of a digit's last stroke to the last change of its answer."""
    _draw(page, SAMPLE_POINTS[digit])
    _settle(page)
    answer_ms: float = page.evaluate("window.watch.changes.at(-1) - window.watch.up")
    expect(page.get_by_test_id("digit")).to_be_visible()
    _press(page, "clear")
    _settle(page)
    return max(answer_ms, 0)


def _draw(
    page: Page, strokes: list[Points], *, left: float | None = None, top: float | None = None
) -> None:
    if left is None or top is None:
        box = find_canvas_box(page)
        left, top = box["x"], box["y"]
    for stroke in strokes:
        page.mouse.move(left + stroke[0][0], top + stroke[0][1])
        page.mouse.down()
        for x, y in stroke[1:]:
            page.mouse.move(left + x, top + y, steps=3)
        page.mouse.up()


def _settle(page: Page) -> None:
    """Wait for the answer, and for the canvas's own report of a stroke."""
    time.sleep(_SETTLE_S)
    wait_until_idle(page)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if sys.argv[1:] else PROJECT_DIR)
