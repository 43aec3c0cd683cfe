"""Several digits in Chromium: a number is written on the wide canvas and read."""

import io
import json

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from tests.browser.draw_page import DrawPage, find_canvas_box, keep_pen_reporting, upload_file
from tests.unit.numbers import write

# Where the samples below the answer are, once it has not moved for half a second.
FIND_SETTLED_TOP = """() => {
  const [choice, ...more] = document.querySelectorAll(".st-key-draw_samples");
  if (!choice || more.length) return null;
  const top = choice.getBoundingClientRect().top + window.scrollY;
  if (window.settledTop !== top) [window.settledTop, window.settledSince] = [top, Date.now()];
  return Date.now() - window.settledSince > 500 ? top : null;
}"""


class SeveralPage(DrawPage):
    """The Draw page with several digits."""

    @property
    def number(self):
        return self.page.get_by_test_id("number")

    @property
    def boxes(self):
        """The ink with a box around each digit."""
        return self.page.locator(".st-key-draw_boxes svg")

    def switch(self):
        self.page.locator(".st-key-draw_several label").first.click()

    def open(self):
        self.switch()
        self.expect_prompt()
        expect(self.page.locator(".st-key-draw_number")).to_be_visible()
        self.wait_until_idle()

    def expect_prompt(self):
        expect(self.page.get_by_text("Write a number, like 2026")).to_be_visible()

    def expect_number(self, number):
        expect(self.number).to_have_text(number)
        expect(self.boxes.locator("rect.box")).to_have_count(len(number))
        expect(self.boxes.locator("text")).to_have_text(list(number))


@pytest.fixture
def several_page(page):
    page.goto("/")
    several = SeveralPage(page)
    several.open()
    return several


def write_small(number="2026", left=0.0):
    """Strokes of a number that fit a phone's width."""
    strokes = write(number, step_px=84, scale=0.4, top_px=60)
    return [[(x + left, y) for x, y in stroke] for stroke in strokes]


def test_number_is_read(several_page):
    several_page.draw(write("2026", step_px=200, scale=0.9, top_px=10))
    several_page.expect_number("2026")
    expect(several_page.boxes).to_have_attribute("aria-label", "What you wrote, with a box around "
        "each digit. From left to right: 2, 0, 2, 6.")  # fmt: skip
    confidences = several_page.page.get_by_role("list", name="Confidence of each digit")
    expect(confidences.get_by_role("listitem")).to_have_count(4)


def test_undo_removes_one_stroke_and_clear_removes_all(several_page):
    several_page.draw(write_small("205"))
    several_page.expect_number("205")
    # The two strokes of the 5. Streamlit may merge clicks that arrive together.
    for n_left in (3, 2):
        several_page.undo.click()
        expect(several_page.boxes.locator("polyline.ink")).to_have_count(n_left)
    several_page.expect_number("20")
    several_page.draw(write_small("17", left=168))
    several_page.expect_number("2017")
    several_page.clear.click()
    several_page.expect_prompt()
    expect(several_page.number).to_have_count(0)
    several_page.draw(write_small("3"))
    several_page.expect_number("3")


def test_drawing_is_kept_in_other_modes_and_pages(several_page):
    page = several_page.page
    several_page.draw(write("2026", step_px=200, scale=0.9, top_px=10))
    several_page.expect_number("2026")
    several_page.wait_until_reported()
    before = several_page.boxes.get_attribute("viewBox")
    several_page.switch()
    expect(several_page.number).to_have_count(0)
    expect(several_page.digit).to_be_visible()
    several_page.wait_until_idle()
    assert several_page.canvas.bounding_box()["width"] == pytest.approx(420, abs=2)
    several_page.switch()
    several_page.expect_number("2026")
    assert json.loads(f"[{before.replace(' ', ',')}]") == pytest.approx(
        json.loads(f"[{several_page.boxes.get_attribute('viewBox').replace(' ', ',')}]"), abs=2
    )
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    several_page.expect_number("2026")


def test_drawing_of_one_digit_is_read_in_both_modes(draw_page):
    draw_page.try_sample(5)
    several = SeveralPage(draw_page.page)
    several.switch()
    several.expect_number("5")
    several.switch()
    draw_page.expect_digit(5)


def test_samples_are_appended(several_page):
    for number in ("2", "20", "202", "2026"):
        several_page.page.get_by_role("button", name=f"Sample {number[-1]}").click()
        several_page.expect_number(number)
        several_page.wait_until_idle()


def test_number_is_read_while_the_pen_is_down(several_page):
    page = several_page.page
    box = find_canvas_box(page)
    keep_pen_reporting(page)
    several_page.draw(write_small("20"))
    several_page.expect_number("20")
    [stroke] = write_small("7", left=168)
    points = [(box["x"] + x, box["y"] + y) for x, y in stroke]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point)
    several_page.expect_number("207")
    page.mouse.up()


def test_touch_on_a_dark_phone(dark_phone):
    page = dark_phone
    page.goto("/")
    several = SeveralPage(page)
    several.open()
    several.draw_with_finger(write_small())
    several.expect_number("2026")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    several.wait_until_reported()
    canvas = several.canvas.bounding_box()
    assert canvas["x"] >= 0
    assert canvas["x"] + canvas["width"] <= 390
    number = several.number.bounding_box()
    assert number["y"] + number["height"] <= 844, "the answer is below the screen"


def test_nothing_moves_when_the_answer_comes(several_page):
    page = several_page.page
    top_px = page.wait_for_function(FIND_SETTLED_TOP).json_value()
    several_page.draw(write_small())
    several_page.expect_number("2026")
    assert page.wait_for_function(FIND_SETTLED_TOP).json_value() == top_px


def test_picture_of_a_number_is_read(several_page):
    page = several_page.page
    picture = Image.new("L", (840, 290), 255)
    for stroke in write("2026"):
        ImageDraw.Draw(picture).line(stroke, fill=10, width=16, joint="curve")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    page.get_by_text("Picture", exact=True).click()
    upload_file(page, "number.png", "image/png", buffer.getvalue())
    several_page.expect_number("2026")
    # The file is kept when the mode changes.
    several_page.switch()
    expect(several_page.digit).to_be_visible()
    several_page.switch()
    several_page.expect_number("2026")
    upload_file(page, "damaged.png", "image/png", b"text")
    expect(page.get_by_text("not a picture in a supported format")).to_be_visible()
    expect(several_page.number).to_have_count(0)
