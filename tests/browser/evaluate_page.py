"""The Evaluate page as a person handles it."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.draw_page import wait_until_idle

# Where the middle of a cell is on the screen, once plotly has drawn the matrix and nothing on the
# page has moved it for half a second.
_FIND_CELL = """([row, column]) => {
  const chart = document.querySelector(".st-key-evaluate_matrix .js-plotly-plot");
  const layout = chart?._fullLayout;
  if (!layout?.xaxis?._length) return null;
  const box = chart.getBoundingClientRect();
  const place = [box.left + layout.xaxis._offset + layout.xaxis.d2p(column),
                 box.top + layout.yaxis._offset + layout.yaxis.d2p(row)];
  if (window.cellChart !== chart || String(window.cellPlace) !== String(place)) {
    [window.cellChart, window.cellPlace, window.cellSince] = [chart, place, performance.now()];
  }
  return performance.now() - window.cellSince > 500 ? place : null;
}"""
# When something is done and when a text on the page is another one: in the browser's own clock.
_WATCH = """([selector, trigger]) => {
  const read = () => document.querySelector(selector)?.textContent;
  const before = read();
  window.lasted = null;
  let begin = null;
  document.addEventListener(trigger, () => { begin = performance.now(); },
    { once: true, capture: true });
  const observer = new MutationObserver(() => {
    if (begin !== null && read() !== undefined && read() !== before) {
      window.lasted = performance.now() - begin;
      observer.disconnect();
    }
  });
  observer.observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


class EvaluatePage:
    """Looks at models, cells and digits."""

    def __init__(self, page: Page) -> None:
        self.page = page
        expect(page.get_by_role("heading", name="Evaluate", exact=True)).to_be_visible()
        self.wait_until_idle()

    @property
    def count(self) -> Locator:
        """How many digits the gallery shows, in words."""
        return self.page.get_by_test_id("gallery-count")

    @property
    def verdict(self) -> Locator:
        """The answer about the digit that is open."""
        return self.page.get_by_test_id("detail-verdict")

    def tiles(self, grid: str = "gallery_grid") -> Locator:
        return self.page.locator(f".st-key-evaluate_{grid}_container button[data-index]")

    def read_tiles(self, grid: str = "gallery_grid") -> list[int]:
        """The places of the digits that are shown."""
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
        # A button with a tooltip is on the page twice: for mice and for fingers.
        self.page.locator(f".st-key-evaluate_{key} button >> visible=true").click()
        self.wait_until_idle()

    def click_cell(self, true: int, said: int) -> None:
        """Click a cell of the matrix, with the mouse."""
        self.page.locator(".st-key-evaluate_matrix .gtitle").wait_for()
        self.page.locator(".st-key-evaluate_matrix").scroll_into_view_if_needed()
        place = self.page.wait_for_function(_FIND_CELL, arg=[true, said]).json_value()
        self.page.mouse.move(*place)
        self.page.mouse.click(*place)
        self.page.wait_for_url(re.compile(rf"[?&]cell={true}-{said}"))
        self.wait_until_idle()

    def watch(self, selector: str, trigger: str) -> None:
        """From now on, take the time from an event until a text is another one."""
        self.page.evaluate(_WATCH, [selector, trigger])

    def read_lasted_ms(self) -> float:
        """How long what was watched took."""
        self.page.wait_for_function("window.lasted !== null")
        lasted: float = self.page.evaluate("window.lasted")
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
