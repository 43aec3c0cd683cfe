"""The Draw page in Chromium: a digit is drawn and read."""

import base64
import io
import re

import psutil
import pytest
from PIL import Image
from playwright.sync_api import expect

from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.ink.samples import build_sample_drawing
from tests.browser.draw_page import (
    MARGIN_PX,
    DrawPage,
    shift_sample,
    upload_file,
)
from tests.browser.server import serve_app

PASTE = """async (png) => {
  const blob = await (await fetch(`data:image/png;base64,${png}`)).blob();
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([blob], "digit.png", { type: "image/png" }));
  document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}"""
# Each digit twice.
N_ANSWERS = 20


def encode_sample_png(digit):
    image = prepare_drawing(parse_drawing(build_sample_drawing(digit))).image
    buffer = io.BytesIO()
    Image.fromarray(255 - image).resize((300, 300)).save(buffer, "PNG")
    return buffer.getvalue()


def test_all_digits_are_read(draw_page):
    for digit in range(10):
        draw_page.expect_blank()
        draw_page.draw_sample(digit)
        draw_page.expect_digit(digit)
        draw_page.clear.click()


def test_real_pen_strokes_are_read(draw_page, pen_digits):
    """One writer's digits that consist of several strokes; all digits are read in unit tests."""
    writer = pen_digits[0]["writer"]
    drawn = {one["label"]: one["strokes"] for one in pen_digits if one["writer"] == writer}
    digits = {digit: strokes for digit, strokes in drawn.items() if len(strokes) > 1}
    assert digits
    for digit, strokes in digits.items():
        draw_page.expect_blank()
        draw_page.draw([[(x + MARGIN_PX, y + MARGIN_PX) for x, y in line] for line in strokes])
        draw_page.expect_digit(digit)
        draw_page.clear.click()


def test_touch_on_a_dark_phone(dark_phone):
    page = dark_phone
    page.goto("/")
    draw_page = DrawPage(page)
    draw_page.draw_with_finger(shift_sample(7))
    draw_page.expect_digit(7)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    draw_page.wait_until_idle()
    box = draw_page.digit.bounding_box()
    assert box["y"] + box["height"] <= 844, "the answer is below the screen"
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert max(map(int, re.findall(r"\d+", background)[:3])) < 60


def test_picture_is_pasted(draw_page):
    page = draw_page.page
    page.evaluate(PASTE, base64.b64encode(encode_sample_png(5)).decode())
    draw_page.expect_digit(5)
    expect(page.get_by_text("From the clipboard")).to_be_visible()


def test_undo_removes_one_stroke_and_clear_removes_all(draw_page):
    angle, bar = shift_sample(4)
    draw_page.draw([angle, bar])
    draw_page.expect_digit(4)
    draw_page.undo.click()
    # The new answer comes without another action.
    expect(draw_page.digit).not_to_have_text("4")
    draw_page.draw([bar])
    draw_page.expect_digit(4)
    draw_page.clear.click()
    draw_page.expect_blank()
    draw_page.draw_sample(3)
    draw_page.expect_digit(3)


def test_drawing_is_kept_while_another_page_is_open(draw_page):
    page = draw_page.page
    first, bar = shift_sample(5)
    draw_page.draw([first])
    expect(draw_page.digit).to_be_visible()
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    expect(draw_page.digit).to_be_visible()
    draw_page.draw([bar])
    draw_page.expect_digit(5)


def test_reload_gives_an_empty_canvas(draw_page):
    draw_page.draw_sample(2)
    draw_page.expect_digit(2)
    draw_page.page.reload()
    reloaded = DrawPage(draw_page.page)
    reloaded.expect_blank()
    reloaded.draw_sample(6)
    reloaded.expect_digit(6)


@pytest.mark.parametrize(("path", "title"), [("/draw", "Draw a digit"), ("/evaluate", "Evaluate")])
def test_first_request_to_a_server_can_be_any_page(browser, tmp_path, path, title):
    with serve_app(tmp_path / "server.log") as (url, _):
        page = browser.new_page()
        page.goto(url + path)
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        # The navigation and the style come from main.py.
        expect(page.get_by_role("link", name="Models")).to_be_visible()
        expect(page.get_by_role("link", name="app", exact=True)).to_have_count(0)
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.close()


def test_sample_can_be_tried_and_undone(draw_page):
    for digit in (0, 8):
        draw_page.try_sample(digit)
    draw_page.undo.click()
    draw_page.expect_blank()


def test_what_the_network_sees_is_shown_and_saliency_on_demand(draw_page):
    page = draw_page.page
    pictures = page.get_by_role("list", name="What the network sees").get_by_role("listitem")
    draw_page.draw_sample(9)
    draw_page.expect_digit(9)
    expect(pictures).to_have_text(["Your strokes", "Pen width normalised", "28×28"])
    page.locator(".st-key-draw_why label").first.click()
    expect(pictures.last).to_have_text("Saliency for 9")
    # It stays open for the next answer.
    draw_page.try_sample(6)
    expect(pictures.last).to_have_text("Saliency for 6")


def test_the_outputs_of_all_layers_follow_the_drawing(draw_page):
    page = draw_page.page
    draw_page.draw_sample(9)
    draw_page.expect_digit(9)
    page.locator(".st-key-draw_layers label").first.click()
    layers = page.get_by_role("list", name="Outputs of the layers").get_by_role("listitem")
    expect(layers).to_have_count(18)
    expect(layers.first).to_have_text("Convolution 5×524×24×32")
    expect(layers.last).to_have_text("Softmax11")
    before = layers.first.locator("img").get_attribute("src")
    draw_page.try_sample(6)
    expect(layers.first.locator("img")).not_to_have_attribute("src", before)


def test_page_fits_a_small_desktop(draw_page):
    page = draw_page.page
    page.set_viewport_size({"width": 1280, "height": 800})
    draw_page.draw_sample(2)
    draw_page.expect_digit(2)
    main = "document.querySelector('[data-testid=stMain]')"
    page.wait_for_function(f"{main}.scrollHeight <= {main}.clientHeight")
    page.locator(".st-key-draw_several label").first.click()
    expect(page.get_by_test_id("number")).to_have_text("2")
    page.wait_for_function(f"{main}.scrollHeight <= {main}.clientHeight")


def test_brush_and_network_can_be_chosen(draw_page):
    page = draw_page.page
    page.get_by_role("slider").focus()
    for _ in range(15):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("slider")).to_have_value("39")
    draw_page.draw_sample(3)
    draw_page.expect_digit(3)
    networks = page.get_by_role("combobox", name=re.compile("Read by"))
    networks.click()
    page.get_by_role("option", name=re.compile("Simple CNN")).click()
    expect(networks).to_have_value(re.compile("Simple CNN"))
    draw_page.expect_digit(3)
    # They are kept while another page is open.
    draw_page.wait_until_reported()
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    draw_page.expect_digit(3)
    expect(networks).to_have_value(re.compile("Simple CNN"))
    expect(page.get_by_role("slider")).to_have_value("39")


def test_picture_is_read_and_a_damaged_file_explained(draw_page):
    page = draw_page.page
    page.get_by_text("Picture", exact=True).click()
    upload_file(page, "5.png", "image/png", encode_sample_png(5))
    draw_page.expect_digit(5)
    upload_file(page, "damaged.png", "image/png", b"text")
    expect(page.get_by_text("not a picture in a supported format")).to_be_visible()
    expect(draw_page.digit).to_have_count(0)
    expect(page.get_by_text("Traceback")).to_have_count(0)
    page.get_by_text("Draw", exact=True).last.click()
    draw_page.expect_blank()


def test_model_can_be_downloaded(page):
    page.goto("/models")
    page.get_by_text("Training and files").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="TFLite").first.click()
    assert download.value.suggested_filename == "digitlab_cnn.tflite"
    assert download.value.path().read_bytes()[4:8] == b"TFL3"


def test_server_stays_small_and_without_tensorflow(draw_page, server):
    for k in range(N_ANSWERS):
        draw_page.try_sample(k % 10)
    process = psutil.Process(server[1].pid)
    # Without mapped files, whose pages the kernel can drop.
    memory = process.memory_info()
    assert memory.rss - memory.shared < 300e6
    mapped = [item.path for item in process.memory_maps()]
    assert any("ai_edge_litert" in path for path in mapped)
    assert not any("/tensorflow/" in path for path in mapped)
