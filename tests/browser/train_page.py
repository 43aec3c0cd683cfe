"""Page object of the Train page."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.draw_page import wait_until_idle

# A worker may have to load TensorFlow, beside the browser and the app.
LIMIT_MS = 180_000
# Batch sizes with which an epoch of the stub trainer takes 6.4 or 1.6 seconds.
SLOW_BATCH, FAST_BATCH = 2, 8


class TrainPage:
    """Chooses settings, starts and stops runs, and follows them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        # A worker may use the processor that the browser waits for.
        page.set_default_timeout(LIMIT_MS)
        title = page.get_by_role("heading", name="Train a network")
        expect(title).to_be_visible(timeout=LIMIT_MS)

    @property
    def line(self) -> Locator:
        """The run's status in one line."""
        # While the page changes with the run's state, the old line may still be there.
        return self.page.get_by_test_id("run-line").last

    @property
    def start(self) -> Locator:
        return self.page.locator(".st-key-train_start button")

    @property
    def run_id(self) -> str:
        """The run in the page's URL."""
        self.page.wait_for_url(re.compile(r"[?&]run="))
        return self.page.url.partition("run=")[2]

    def press(self, key: str) -> None:
        # A button with a tooltip is on the page twice: for a mouse and for touch.
        self.page.locator(f".st-key-{key} button >> visible=true").click()

    def show_view(self, view: str) -> None:
        self.page.locator(".st-key-train_view").get_by_role("radio", name=view).click()

    def choose_recipe(self, recipe_id: str) -> None:
        self.wait_until_idle()
        chosen = self.page.locator(f".st-key-train_card_chosen_{recipe_id}")
        # A click on the chosen recipe would change nothing that could be awaited.
        if not chosen.is_visible():
            self.press(f"train_recipe_{recipe_id}")
        expect(chosen).to_be_visible()
        # The settings below change after the recipe's card.
        self.wait_until_idle()

    def resume(self, *, epochs: int) -> None:
        """Train some more epochs."""
        self.page.locator(".st-key-train_actions").get_by_role("button", name="Resume").click()
        self.page.get_by_role("textbox", name="More epochs").fill(str(epochs))
        self.page.keyboard.press("Enter")
        self.wait_until_idle()
        self.press("train_resume")

    def save_model(self, label: str) -> None:
        """Save the run's model; the popover closes."""
        self.page.locator(".st-key-train_actions").get_by_role("button", name="Save model").click()
        self.page.get_by_role("textbox", name="Model name").fill(label)
        self.page.keyboard.press("Tab")
        self.wait_until_idle()
        self.press("train_save")
        expect(self.page.get_by_role("textbox", name="Model name")).not_to_be_visible()

    def fill(self, field: str, value: object) -> None:
        """Type a number into a visible setting."""
        box = self.page.locator(f".st-key-train_{field} input")
        box.fill(str(value))
        box.press("Enter")
        self.wait_until_idle()
        expect(box).to_have_value(str(value))

    def expect_line(self, pattern: str, *, timeout: float = LIMIT_MS) -> None:
        expect(self.line).to_have_text(re.compile(pattern), timeout=timeout)

    def wait_until_idle(self) -> None:
        wait_until_idle(self.page)


def open_form(page: Page) -> TrainPage:
    page.goto("/train")
    return TrainPage(page)


def open_run(page: Page, run_id: str) -> TrainPage:
    page.goto(f"/train?run={run_id}")
    return TrainPage(page)


def start_run(train_page: TrainPage, *, epochs: int, batch_size: int) -> str:
    train_page.fill("batch_size", batch_size)
    train_page.fill("epochs", epochs)
    train_page.start.click()
    return train_page.run_id
