"""The README's pictures: `make screenshots`."""

from playwright.sync_api import Browser, expect

from digitlab.ink.samples import SAMPLE_POINTS
from tests.browser.app_in_chromium import open_app_in_chromium
from tests.browser.draw_page import DrawPage, draw_strokes, wait_until_idle
from tests.browser.evaluate_page import EvaluatePage
from tests.browser.server import PROJECT_DIR
from tests.browser.train_page import TrainPage

DOCS_DIR = PROJECT_DIR / "docs"


def main() -> None:
    """Draw a 4 on a desk in the light, a 7 on a phone in the dark; train; search; open a cell."""
    with open_app_in_chromium() as (url, browser):
        shoot(browser, url, "draw", digit=4, width=1280, height=800, theme="light")
        shoot(browser, url, "draw-phone", digit=7, width=390, height=844, theme="dark")
        shoot_training(browser, url)
        shoot_tuning(browser, url)
        shoot_evaluation(browser, url)


def shoot(
    browser: Browser, url: str, name: str, *, digit: int, width: int, height: int, theme: str
) -> None:
    """Draw one digit and save what is on the screen."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
    page.goto(url)
    draw_page = DrawPage(page)
    draw_page.draw_sample(digit)
    draw_page.expect_digit(digit)
    page.mouse.move(5, 5)
    # Pictures and transitions have to be through.
    page.wait_for_load_state("networkidle")
    page.screenshot(path=DOCS_DIR / f"{name}.png", animations="disabled")
    page.close()


def shoot_training(browser: Browser, url: str) -> None:
    """Draw three digits, train the tutorials' network and save how its last epochs look."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
    page.goto(f"{url}/train")
    train_page = TrainPage(page)
    train_page.choose_recipe("simple_cnn")
    train_page.fill("batch_size", 16)
    page.locator(".st-key-train_preview").get_by_role("radio", name="Your digits").click()
    page.locator("canvas").last.wait_for()
    for k, digit in enumerate((4, 7, 2)):
        draw_strokes(page, [[(15 + 120 * k + x / 2.6, 15 + y / 2.2) for x, y in line]
                            for line in SAMPLE_POINTS[digit]])  # fmt: skip
    expect(page.locator(".thumbnails img")).to_have_count(3)
    train_page.start.click()
    train_page.expect_line("^Epoch [45] of 5")
    expect(page.locator("[class*=train_live_curves_] canvas")).to_be_visible()
    page.mouse.move(5, 5)
    page.screenshot(path=DOCS_DIR / "train.png", animations="disabled")
    page.close()


def shoot_tuning(browser: Browser, url: str) -> None:
    """Search for two settings of the tutorials' network, and save the result."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.goto(f"{url}/tune")
    page.get_by_role("textbox", name="Trials at most").fill("20")
    page.keyboard.press("Tab")
    expect(page.get_by_text("20 trials in")).to_be_visible()
    wait_until_idle(page)
    page.get_by_role("button", name="Start the search").click()
    expect(page.get_by_role("button", name="Save the best as a model")).to_be_visible(
        timeout=300_000
    )
    wait_until_idle(page)
    page.mouse.move(5, 5)
    page.screenshot(path=DOCS_DIR / "tune.png", animations="disabled")
    page.close()


def shoot_evaluation(browser: Browser, url: str) -> None:
    """Click the cell of the 9s that were predicted as 4, and save the digits beside it."""
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.goto(f"{url}/evaluate?model=simple_cnn&hide=1")
    EvaluatePage(page).click_cell(9, 4)
    expect(page.locator(".st-key-evaluate_matrix .gtitle >> visible=true")).to_have_count(1)
    page.mouse.move(5, 5)
    page.screenshot(path=DOCS_DIR / "evaluate.png", animations="disabled")
    page.close()


if __name__ == "__main__":
    main()
