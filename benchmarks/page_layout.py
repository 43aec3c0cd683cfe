"""Measure in Chromium where each page's header is, and whether its texts can be read.

`python -m benchmarks.page_layout [TREE]`
"""

import sys
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from digitlab.ui.evaluate.page import VIEWS
from tests.browser.app_in_chromium import open_app_in_chromium
from tests.browser.draw_page import wait_until_idle
from tests.browser.server import PROJECT_DIR

PAGES = {"Draw": "", "Train": "train", "Evaluate": "evaluate?model=simple_cnn", "Models": "models"}
VIEWPORT = {"width": 1280, "height": 800}
MIN_CONTRAST = 4.5
_SETTLE_MS = 1500

# Contrast of each visible text, against what its ancestors are filled with. Left out: icons,
# disabled controls, and texts over the data of a chart, whose ground is no ancestor.
_MEASURE_CONTRAST = """() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const parse = (colour) => {
    if (!known.has(colour)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const mix = ([r, g, b, a], ground) =>
    [r, g, b].map((value, k) => a * value + (1 - a) * ground[k]);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255)
      .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const getParent = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host;
  const listAncestors = (node) => node ? [node, ...listAncestors(getParent(node))] : [];
  const skipped = "[aria-hidden=true], [data-testid=stIconMaterial], [disabled], " +
    "[aria-disabled=true], label:has(:disabled), script, style, .cartesianlayer .plot";
  const texts = [];
  const visit = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.shadowRoot) visit(node.shadowRoot);
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
      const element = node.parentElement;
      const range = document.createRange();
      range.selectNode(node);
      const { width, height } = range.getBoundingClientRect();
      // The value of a slider is not in front of its thumb, which is its ancestor.
      const isBehind = (one) => {
        const box = one.getBoundingClientRect();
        return box.width >= width && box.height >= height;
      };
      const isVisible = element?.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true,
        opacityProperty: true, visibilityProperty: true });
      if (width < 2 || height < 2 || !isVisible) continue;
      const ancestors = listAncestors(element);
      if (ancestors.some((one) => one.matches(skipped))) continue;
      const styles = ancestors.map((one) => getComputedStyle(one));
      const ground = styles.filter((_, k) => isBehind(ancestors[k])).reverse()
        .reduce((below, style) => mix(parse(style.backgroundColor), below), [255, 255, 255]);
      const isSvg = element instanceof SVGElement;
      const [r, g, b, a] = parse(isSvg ? styles[0].fill : styles[0].color);
      const opacity = styles.reduce((product, style) => product * style.opacity, a);
      const [high, low] = [luminance(mix([r, g, b, opacity], ground)), luminance(ground)]
        .sort((one, other) => other - one);
      texts.push([(high + 0.05) / (low + 0.05), node.data.trim().slice(0, 30)]);
    }
  };
  visit(document.body);
  return texts.sort(([one], [other]) => one - other);
}"""


def main(tree: Path = PROJECT_DIR) -> None:
    """Print both tables."""
    with open_app_in_chromium(tree) as (url, browser):
        print_headers(browser, url)
        print_contrasts(browser, url)


def print_headers(browser: Browser, url: str) -> None:
    """Where title and content are on each page."""
    page = browser.new_page(viewport=VIEWPORT)  # type: ignore[arg-type]
    print(f"\n{'On 1280x800, px':14} {'title: x':>10} {'y':>6} {'height':>8} {'font':>6}", end="")
    print(f" {'content: x':>12} {'width':>7}")
    for label, path in PAGES.items():
        open_page(page, f"{url}/{path}")
        title = page.get_by_role("heading", level=1).first
        box = title.bounding_box()
        assert box
        font_px = title.evaluate("(node) => parseFloat(getComputedStyle(node).fontSize)")
        x, width = page.locator(".stMainBlockContainer").evaluate(
            """(node) => {
              const { left, width } = node.getBoundingClientRect();
              const { paddingLeft, paddingRight } = getComputedStyle(node);
              const [before, after] = [parseFloat(paddingLeft), parseFloat(paddingRight)];
              return [left + before, width - before - after];
            }"""
        )
        print(
            f"{label:14} {box['x']:10.0f} {box['y']:6.0f} {box['height']:8.0f} {font_px:6.0f} "
            f"{x:12.0f} {width:7.0f}"
        )
    page.close()


def print_contrasts(browser: Browser, url: str) -> None:
    """The lowest contrast, and what axe-core finds, on each page and view in both themes."""
    paths = PAGES | {
        f"Evaluate, {view.id}": f"evaluate?model=simple_cnn&view={view.id}" for view in VIEWS[1:]
    }
    print(f"\n{'Contrast of texts':30} lowest  below {MIN_CONTRAST}  axe  worst text")
    for theme in ("light", "dark"):
        page = browser.new_page(viewport=VIEWPORT, color_scheme=theme)  # type: ignore[arg-type]
        for label, path in paths.items():
            open_page(page, f"{url}/{path}")
            if label == "Draw":
                page.get_by_role("button", name="Sample 5").click()
                settle(page)
            texts: list[tuple[float, Any]] = page.evaluate(_MEASURE_CONTRAST)
            n_below = sum(contrast < MIN_CONTRAST for contrast, _ in texts)
            lowest, worst = texts[0]
            n_violations = count_violations(page)
            print(f"{theme:6}{label:24}{lowest:7.2f} {n_below:10} {n_violations:4}  {worst}")
        page.close()


def count_violations(page: Page) -> int:
    """The elements of the page in which axe-core finds a serious violation."""
    # Streamlit draws tables on a canvas, with a hidden copy for screen readers.
    results = Axe().run(page, context={"exclude": [[".stDataFrame"]]})
    return sum(
        len(violation["nodes"])
        for violation in results.response["violations"]
        if violation["impact"] in ("serious", "critical")
    )


def open_page(page: Page, address: str) -> None:
    """Open an address and wait until its charts are drawn too."""
    page.goto(address)
    page.get_by_role("heading", level=1).first.wait_for()
    settle(page)


def settle(page: Page) -> None:
    """Wait until the page has been rendered."""
    wait_until_idle(page)
    page.wait_for_timeout(_SETTLE_MS)
    wait_until_idle(page)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if sys.argv[1:] else PROJECT_DIR)
