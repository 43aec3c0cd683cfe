"""Page object of the Evaluate page."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.draw_page import wait_until_idle

# The centre of a cell on the screen, once the matrix has not moved for half a second.
_FIND_CELL = """([row, column]) => {
  const chart = document.querySelector(".st-key-evaluate_matrix .js-plotly-plot");
  const layout = chart?._fullLayout;
  if (!layout?.xaxis?._length) return null;
  const box = chart.getBoundingClientRect();
  const point = [box.left + layout.xaxis._offset + layout.xaxis.d2p(column),
                 box.top + layout.yaxis._offset + layout.yaxis.d2p(row)];
  if (window.cellChart !== chart || String(window.cellPoint) !== String(point)) {
    [window.cellChart, window.cellPoint, window.cellSince] = [chart, point, performance.now()];
  }
  return performance.now() - window.cellSince > 500 ? point : null;
}"""
# Measures, by the browser's clock, the time from an event until a text has changed.
_WATCH = """([selector, trigger]) => {
  const read = () => document.querySelector(selector)?.textContent;
  const before = read();
  window.lastedMs = null;
  let begin = null;
  document.addEventListener(trigger, () => { begin = performance.now(); },
    { once: true, capture: true });
  const observer = new MutationObserver(() => {
    if (begin !== null && read() !== undefined && read() !== before) {
      window.lastedMs = performance.now() - begin;
      observer.disconnect();
    }
  });
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


class EvaluatePage:
    """Chooses views, cells and digits, and measures how fast the page responds."""

    def __init__(self, page: Page) -> None:
        self.page = page
        expect(page.get_by_role("heading", name="Evaluate", exact=True)).to_be_visible()
        self.wait_until_idle()

    @property
    def count(self) -> Locator:
        """The sentence that counts the digits in the gallery."""
        return self.page.get_by_test_id("gallery-count")

    @property
    def verdict(self) -> Locator:
        """How the opened digit was read."""
        return self.page.get_by_test_id("detail-verdict")

    def tiles(self, grid: str = "gallery_grid") -> Locator:
        return self.page.locator(f".st-key-evaluate_{grid}_container button[data-index]")

    def read_tiles(self, grid: str = "gallery_grid") -> list[int]:
        """The indices of the visible digits."""
        return [int(tile.get_attribute("data-index") or -1) for tile in self.tiles(grid).all()]

    def show_view(self, view: str) -> None:
        self.page.locator(".st-key-evaluate_view").get_by_role("radio", name=view).click()
        self.wait_until_idle()

    def choose(self, key: str, option: str) -> None:
        """Choose from a list."""
        self.page.locator(f".st-key-evaluate_{key} input").click()
        self.page.get_by_role("option", name=option, exact=True).click()
        self.wait_until_idle()

    def press(self, key: str) -> None:
        # A button with a tooltip is on the page twice: for a mouse and for touch.
        self.page.locator(f".st-key-evaluate_{key} button >> visible=true").click()
        self.wait_until_idle()

    def click_cell(self, true: int, predicted: int) -> None:
        """Click a cell of the matrix, with the mouse."""
        self.page.locator(".st-key-evaluate_matrix .gtitle").wait_for()
        self.page.locator(".st-key-evaluate_matrix").scroll_into_view_if_needed()
        point = self.page.wait_for_function(_FIND_CELL, arg=[true, predicted]).json_value()
        self.page.mouse.move(*point)
        self.page.mouse.click(*point)
        self.page.wait_for_url(re.compile(rf"[?&]cell={true}-{predicted}"))
        self.wait_until_idle()

    def watch(self, selector: str, trigger: str) -> None:
        """Start to measure the time from an event until a text changes."""
        self.page.evaluate(_WATCH, [selector, trigger])

    def read_lasted_ms(self) -> float:
        """Wait until the text has changed; the time that took."""
        self.page.wait_for_function("window.lastedMs !== null")
        lasted: float = self.page.evaluate("window.lastedMs")
        return lasted

    def time_filters(self) -> list[float]:
        """How long the gallery takes to show another digit's mistakes, in milliseconds."""
        lasted = []
        for digit in range(1, 8):
            self.page.locator(".st-key-evaluate_filter_true input").click()
            self.watch("[data-testid=gallery-count]", "click")
            self.page.get_by_role("option", name=str(digit), exact=True).click()
            lasted.append(self.read_lasted_ms())
            self.wait_until_idle()
        return lasted

    def time_thresholds(self) -> list[float]:
        """How long a step of the threshold takes to show, in milliseconds."""
        self.page.locator(".st-key-evaluate_threshold").get_by_role("slider").focus()
        lasted = []
        for _ in range(7):
            self.watch(".st-key-evaluate_coverage", "keydown")
            self.page.keyboard.press("ArrowRight")
            lasted.append(self.read_lasted_ms())
            self.wait_until_idle()
        return lasted

    def wait_until_idle(self) -> None:
        wait_until_idle(self.page)
