"""axe-core finds no serious violation on any page or view, in either theme."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from digitlab.ui.evaluate.page import VIEWS as EVALUATE_VIEWS
from digitlab.ui.train.page import VIEWS as TRAIN_VIEWS
from tests.app.runs import create_finished_run
from tests.app.studies import create_finished_study
from tests.browser.draw_page import upload_file, wait_until_idle
from tests.unit.test_decode import draw_five, encode
from tests.worker.workers import wait_until

# axe leaves texts in SVG out; these are a chart's labels outside of its marks.
CHART_LABELS = ", ".join(
    f".stPlotlyChart {label}"
    for label in (".xtick text", ".ytick text", ".legendtext", ".gtitle", ".xtitle", ".ytitle")
)
MIN_CONTRAST = 4.5
COMPUTE_CONTRASTS = """(labels) => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((channel) => channel / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = parse(getComputedStyle(document.querySelector(".stApp")).backgroundColor);
  return labels.filter((label) => label.getBoundingClientRect().width > 0).map((label) => {
    let opacity = 1;
    for (let node = label; node !== document.body; node = node.parentNode)
      opacity *= getComputedStyle(node).opacity;
    const style = getComputedStyle(label);
    const [r, g, b, alpha = 1] = parse(style.fill);
    opacity *= alpha * style.fillOpacity;
    const seen = [r, g, b].map((channel, k) => opacity * channel + (1 - opacity) * paper[k]);
    const [dark, light] = [luminance(seen), luminance(paper)].sort((x, y) => x - y);
    return [label.textContent, (light + 0.05) / (dark + 0.05)];
  });
}"""
axe = Axe()


def find_violations(page: Page, **options: object) -> list[str]:
    """The serious violations; nothing is excluded, not even what Streamlit or the canvas own."""
    results = axe.run(page, options={"resultTypes": ["violations"], **options})
    return [
        f"{violation['id']}: {node['failureSummary']} {node['html'][:300]}"
        for violation in results.response["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def find_faint_labels(page: Page) -> list[list[object]]:
    labels = page.locator(CHART_LABELS).evaluate_all(COMPUTE_CONTRASTS)
    return [[text, contrast] for text, contrast in labels if contrast < MIN_CONTRAST]


def check(page: Page) -> None:
    """Everything in the light theme; in the dark one only colours differ."""
    wait_until_idle(page)
    page.wait_for_load_state("networkidle")
    for theme, options in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=theme)
        expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", theme)
        assert not find_violations(page, **options), theme
        # Charts follow a little later.
        wait_until(lambda: not find_faint_labels(page), limit_s=5)


def test_draw_page(draw_page):
    check(draw_page.page)
    draw_page.try_sample(3)
    check(draw_page.page)


def test_draw_page_with_several_digits(draw_page):
    draw_page.page.locator(".st-key-draw_several label").first.click()
    expect(draw_page.page.get_by_text("Write a number")).to_be_visible()
    check(draw_page.page)


def test_draw_page_with_a_picture(draw_page):
    page = draw_page.page
    page.get_by_role("radio", name="Picture").click()
    upload_file(page, "5.png", "image/png", encode(draw_five()))
    draw_page.expect_digit(5)
    check(page)


@pytest.mark.usefixtures("runs_of_server")
@pytest.mark.parametrize("view", [view.id for view in TRAIN_VIEWS])
def test_train_page(page, view):
    for label in ("First", "Second"):
        create_finished_run(label=label)
    page.goto("/train")
    label = next(v.label for v in TRAIN_VIEWS if v.id == view).split()[-1]
    page.locator(".st-key-train_view").get_by_role("radio", name=label).click()
    check(page)


@pytest.mark.parametrize("view", [view.id for view in EVALUATE_VIEWS])
def test_evaluate_page(page, view):
    page.goto(f"/evaluate?model=simple_cnn&view={view}&sample=8")
    expect(page.get_by_role("heading", name="Evaluate", exact=True)).to_be_visible()
    check(page)


def test_models_page(page):
    page.goto("/models")
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    check(page)


@pytest.mark.parametrize("view", ["form", "study"])
@pytest.mark.usefixtures("runs_of_server")
def test_tune_page(page, view):
    if view == "study":
        page.goto(f"/tune?study={create_finished_study().id}")
        expect(page.get_by_text("Importance: share")).to_be_visible()
    else:
        page.goto("/tune")
        expect(page.get_by_role("button", name="Start the search")).to_be_visible()
    wait_until_idle(page)
    check(page)
