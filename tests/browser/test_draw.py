"""The main job in real Chromium: a digit is drawn, and read."""

import io
import re

import psutil
import pytest
from PIL import Image
from playwright.sync_api import expect

from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.samples import SAMPLE_POINTS, build_sample_drawing
from tests.browser.draw_page import DrawPage
from tests.browser.server import serve_app

# The samples and the pen data are drawn in 280 px; the canvas has a margin of 10 around that.
MARGIN_PX = 10


def shift(strokes):
    return [[(x + MARGIN_PX, y + MARGIN_PX) for x, y in stroke] for stroke in strokes]


def encode_sample(digit):
    """A sample digit as a picture file."""
    image = prepare_drawing(parse_drawing(build_sample_drawing(digit))).image
    buffer = io.BytesIO()
    Image.fromarray(255 - image).resize((300, 300)).save(buffer, "PNG")
    return buffer.getvalue()


def test_our_own_strokes_are_read(draw_page):
    for digit in range(10):
        draw_page.expect_blank()
        draw_page.draw(shift(SAMPLE_POINTS[digit]))
        draw_page.expect_digit(digit)
        draw_page.clear.click()


def test_real_pen_strokes_are_read(draw_page, pen_digits):
    """A person's ten digits: the first writer in the data who wrote all ten."""
    by_writer = {}
    for drawn in pen_digits:
        by_writer.setdefault(drawn["writer"], {}).setdefault(drawn["label"], drawn["strokes"])
    digits = next(digits for digits in by_writer.values() if len(digits) == 10)
    for digit, strokes in sorted(digits.items()):
        draw_page.draw(shift(strokes))
        draw_page.expect_digit(digit)
        draw_page.clear.click()
        draw_page.expect_blank()


def test_a_finger_on_a_phone_in_the_dark(dark_phone):
    page = dark_phone
    page.goto("/")
    draw_page = DrawPage(page)
    draw_page.draw_with_finger(shift(SAMPLE_POINTS[7]))
    draw_page.expect_digit(7)
    # All of the canvas and the answer is within the phone's width, without scrolling sideways.
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = draw_page.digit.bounding_box()
    assert box["y"] + box["height"] <= 844, "the answer has to be seen without scrolling"
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert max(map(int, re.findall(r"\d+", background)[:3])) < 60


def test_the_bars_never_blink(draw_page):
    """From one answer to the next there is a chart in every frame."""
    draw_page.draw([[(100, 50), (100, 250)]])
    expect(draw_page.digit).to_be_visible()
    draw_page.wait_until_idle()
    expect(draw_page.page.locator(".gtitle >> visible=true")).to_have_count(1)
    draw_page.page.evaluate(
        """() => {
          window.frames_seen = 0; window.frames_blank = 0;
          const look = () => {
            const titles = [...document.querySelectorAll(".gtitle")];
            const shown = titles.some((t) => t.checkVisibility({ visibilityProperty: true }));
            window.frames_seen += 1;
            window.frames_blank += shown ? 0 : 1;
            requestAnimationFrame(look);
          };
          look();
        }"""
    )
    for digit in (5, 0, 3):
        draw_page.page.get_by_role("button", name=f"Try a {digit}").click()
        draw_page.expect_digit(digit)
        # At a person's pace: the next one comes when this one's chart has been drawn.
        draw_page.wait_until_idle()
        draw_page.page.wait_for_function(
            """() => {
              const charts = [...document.querySelectorAll("[class*=draw_probabilities_]")];
              const number = (e) => +(e.className.match(/probabilities_([0-9]+)/)?.[1] ?? 0);
              const newest = charts.reduce((a, b) => (number(b) > number(a) ? b : a));
              return newest.querySelector(".gtitle") !== null;
            }"""
        )
    assert draw_page.page.evaluate("window.frames_seen") > 10
    assert draw_page.page.evaluate("window.frames_blank") == 0


def test_undo_takes_back_one_stroke_and_clear_all(draw_page):
    angle, bar = shift(SAMPLE_POINTS[4])
    draw_page.draw([angle, bar])
    draw_page.expect_digit(4)
    draw_page.undo.click()
    # An L-shaped angle alone is read as something else, which must come by itself.
    expect(draw_page.digit).not_to_have_text("4")
    draw_page.draw([bar])
    draw_page.expect_digit(4)
    draw_page.clear.click()
    draw_page.expect_blank()
    expect(draw_page.undo).to_be_disabled()
    draw_page.draw(shift(SAMPLE_POINTS[3]))
    draw_page.expect_digit(3)


def test_another_page_and_back_loses_nothing(draw_page):
    page = draw_page.page
    draw_page.draw(shift(SAMPLE_POINTS[5][:1]))
    expect(draw_page.digit).to_be_visible()
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    expect(draw_page.digit).to_be_visible()
    # The bar is added to what was drawn before.
    draw_page.draw(shift(SAMPLE_POINTS[5][1:]))
    draw_page.expect_digit(5)


def test_a_refresh_starts_clean_and_works(draw_page):
    draw_page.draw(shift(SAMPLE_POINTS[2]))
    draw_page.expect_digit(2)
    draw_page.page.reload()
    again = DrawPage(draw_page.page)
    again.expect_blank()
    again.draw(shift(SAMPLE_POINTS[6]))
    again.expect_digit(6)


@pytest.mark.parametrize(("path", "title"), [("/draw", "Draw a digit"), ("/evaluate", "Evaluate")])
def test_a_link_to_a_page_is_the_first_thing_a_server_is_asked_for(browser, tmp_path, path, title):
    with serve_app(tmp_path / "server.log") as (url, _):
        page = browser.new_page()
        page.goto(url + path)
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        # The navigation and the style come from app.py.
        expect(page.get_by_role("link", name="Models")).to_be_visible()
        expect(page.get_by_role("link", name="app", exact=True)).to_have_count(0)
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.close()


def test_a_sample_can_be_tried_and_drawn_on(draw_page):
    page = draw_page.page
    for digit in (0, 8):
        page.get_by_role("button", name=f"Try a {digit}").click()
        draw_page.expect_digit(digit)
    draw_page.undo.click()
    draw_page.expect_blank()


def test_the_steps_and_the_reason_are_shown_on_demand(draw_page):
    page = draw_page.page
    draw_page.draw(shift(SAMPLE_POINTS[9]))
    draw_page.expect_digit(9)
    expect(page.get_by_text("1. Input strokes")).to_have_count(0)
    page.get_by_text("What the network sees").click()
    expect(page.get_by_text("1. Input strokes")).to_be_visible()
    expect(page.locator(".st-key-draw_steps_strip img")).to_have_count(3)
    page.get_by_text("Why this answer").click()
    expect(page.get_by_text("What speaks for 9")).to_be_visible()
    # They stay open and follow the next answer.
    page.get_by_role("button", name="Try a 6").click()
    expect(page.get_by_text("What speaks for 6")).to_be_visible()


def test_another_brush_and_another_network(draw_page):
    page = draw_page.page
    page.get_by_role("slider").focus()
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("slider")).to_have_value("33")
    draw_page.draw(shift(SAMPLE_POINTS[3]))
    draw_page.expect_digit(3)
    networks = page.get_by_role("combobox", name=re.compile("Read by"))
    networks.click()
    page.get_by_role("option", name=re.compile("Simple CNN")).click()
    expect(networks).to_have_value(re.compile("Simple CNN"))
    draw_page.expect_digit(3)


def test_a_picture_is_read_and_a_bad_one_explained(draw_page):
    page = draw_page.page
    page.get_by_text("Picture", exact=True).click()
    upload = page.locator("input[type=file]")
    upload.set_input_files({"name": "5.png", "mimeType": "image/png", "buffer": encode_sample(5)})
    draw_page.expect_digit(5)
    upload.set_input_files({"name": "no.png", "mimeType": "image/png", "buffer": b"text"})
    expect(page.get_by_text("not a picture in a supported format")).to_be_visible()
    expect(draw_page.digit).to_have_count(0)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    page.get_by_text("Draw", exact=True).last.click()
    draw_page.expect_blank()


def test_a_model_can_be_taken_away(page):
    page.goto("/models")
    with page.expect_download() as download:
        page.get_by_role("button", name="TFLite").first.click()
    assert download.value.suggested_filename == "digitlab_cnn.tflite"
    assert download.value.path().read_bytes()[4:8] == b"TFL3"


def test_the_server_stays_small_and_without_tensorflow(draw_page, server):
    for round_number in range(50):
        digit = round_number % 10
        draw_page.page.get_by_role("button", name=f"Try a {digit}").click()
        draw_page.expect_digit(digit)
    process = psutil.Process(server[1].pid)
    assert process.memory_info().rss < 300e6
    mapped = [item.path for item in process.memory_maps()]
    assert any("ai_edge_litert" in path for path in mapped)
    assert not any("/tensorflow/" in path for path in mapped)
