"""The pen and the canvas in Chromium: no stroke is lost, nothing flickers, answers come live."""

from playwright.sync_api import expect

from tests.browser.draw_page import (
    DrawPage,
    draw_strokes,
    find_canvas_box,
    keep_pen_reporting,
    shift_sample,
)

# Counts the frames in which something is missing, or is there twice.
WATCH_FRAMES = """(selector) => {
  const watch = window.watch = { nFrames: 0, counts: new Set() };
  const listRoots = () => [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")]
    .map((node) => node.shadowRoot);
  const find = () => [document, ...listRoots()]
    .flatMap((root) => root ? [...root.querySelectorAll(selector)] : []);
  const look = () => {
    if (window.watch !== watch) return;
    const visible = find().filter((node) => node.checkVisibility()
      && node.getBoundingClientRect().width > 0);
    watch.nFrames += 1;
    watch.counts.add(visible.length);
    requestAnimationFrame(look);
  };
  look();
}"""
# The 28x28 image of a stroke, read as the pen reported it and as the canvas did.
WATCH_IMAGES = """() => {
  const element = document.querySelector(".st-key-draw_canvas_pen");
  const { pen } = element.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot;
  window.images = { pen: null, canvas: null, isMissed: false };
  let wasDown = false;
  const look = () => {
    wasDown ||= pen.down;
    const image = document.querySelectorAll(".draw-pictures img")[2]?.src ?? null;
    if (!pen.down && pen.strokes.length && pen.isAnswered) window.images.pen = image;
    if (!pen.down && !pen.strokes.length && window.images.pen) window.images.canvas = image;
    // On a busy machine the canvas may report before the pen is answered.
    if (wasDown && !pen.down && !pen.strokes.length) window.images.isMissed = !window.images.pen;
    if (!window.images.canvas && !window.images.isMissed) requestAnimationFrame(look);
  };
  look();
}"""

# As if each answer took a second longer.
SLOW_DOWN = """() => {
  const element = document.querySelector(".st-key-draw_canvas_pen");
  const { pen } = element.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot;
  const send = pen.send.bind(pen);
  pen.send = () => { send(); pen.sentAt -= 1000; };
  window.pen = pen;
}"""


def test_bars_are_there_once_in_every_frame(draw_page):
    """Also while one answer replaces another."""
    page = draw_page.page
    page.evaluate(WATCH_FRAMES, ".draw-bars")
    for digit in (5, 0, 3):
        draw_page.try_sample(digit)
    draw_page.draw_sample(7)
    draw_page.wait_until_idle()
    assert page.evaluate("window.watch.nFrames") > 10
    assert page.evaluate("[...window.watch.counts]") == [1]


def test_canvas_is_there_in_every_frame(draw_page):
    page = draw_page.page
    draw_page.draw(shift_sample(4))
    draw_page.expect_digit(4)
    page.evaluate(WATCH_FRAMES, "canvas.upper-canvas")
    draw_page.undo.click()
    expect(draw_page.digit).not_to_have_text("4")
    draw_page.clear.click()
    draw_page.expect_blank()
    draw_page.try_sample(8)
    page.locator(".st-key-draw_several label").first.click()
    expect(page.get_by_test_id("number")).to_have_text("8")
    assert page.evaluate("window.watch.nFrames") > 10
    assert page.evaluate("[...window.watch.counts]") == [1]


def test_stroke_begun_after_clear_is_kept(draw_page):
    page = draw_page.page
    box = find_canvas_box(page)
    for delay_ms in (0, 100, 200, 300, 400):
        draw_page.try_sample(3)
        draw_page.clear.click()
        page.wait_for_timeout(delay_ms)
        draw_strokes(page, shift_sample(7), box=box)
        draw_page.expect_digit(7)
        draw_page.wait_until_idle()
        draw_page.expect_digit(7)


def test_digit_is_read_while_the_pen_is_down(draw_page):
    page = draw_page.page
    box = find_canvas_box(page)
    [stroke] = shift_sample(7)
    points = [(box["x"] + x, box["y"] + y) for x, y in stroke]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[3], steps=5)
    expect(draw_page.digit).to_be_visible()
    expect(draw_page.digit).not_to_have_text("7")
    for point in points[4:]:
        page.mouse.move(*point, steps=5)
    draw_page.expect_digit(7)
    # The window loses the pen without a report of its end.
    page.evaluate("window.dispatchEvent(new Event('blur'))")
    page.mouse.move(box["x"] + 20, box["y"] + 400, steps=5)
    draw_page.wait_until_idle()
    draw_page.expect_digit(7)
    page.mouse.up()


def test_pen_and_canvas_report_the_same_image(draw_page):
    page = draw_page.page
    find_canvas_box(page)
    keep_pen_reporting(page)
    for stroke in shift_sample(5):
        for _ in range(5):
            page.evaluate(WATCH_IMAGES)
            draw_page.draw([stroke])
            page.wait_for_function("window.images.canvas || window.images.isMissed")
            images = page.evaluate("window.images")
            if not images["isMissed"]:
                break
            draw_page.wait_until_idle()
            draw_page.undo.click()
            draw_page.wait_until_idle()
        assert images["pen"] is not None and images["pen"] == images["canvas"]
    draw_page.expect_digit(5)


def test_a_slow_server_is_spared_the_pens_reports(draw_page):
    page = draw_page.page
    page.evaluate(SLOW_DOWN)
    draw_page.draw_sample(4)
    draw_page.expect_digit(4)
    page.wait_for_function("window.pen.restUntil > performance.now()")
    draw_page.clear.click()
    draw_page.expect_blank()
    draw_page.wait_until_idle()
    last = page.evaluate("window.pen.id")
    draw_page.draw_sample(7)
    draw_page.expect_digit(7)
    assert page.evaluate("window.pen.id") == last


def test_stroke_may_leave_the_canvas(draw_page):
    draw_page.draw([[(210, 60), (210, 300), (210, 470)]])
    draw_page.expect_digit(1)
    draw_page.undo.click()
    draw_page.expect_blank()


def test_second_finger_draws_nothing(dark_phone):
    dark_phone.goto("/")
    draw_page = DrawPage(dark_phone)
    touch = draw_page.put_fingers()
    [stroke] = shift_sample(7)
    touch("touchStart", stroke[0])
    for point in stroke[1:4]:
        touch("touchMove", point)
    touch("touchStart", stroke[3], (30, 250))
    for point in stroke[4:]:
        touch("touchMove", point, (40, 260))
    touch("touchEnd", (40, 260))
    touch("touchEnd")
    draw_page.expect_digit(7)
    draw_page.wait_until_idle()
    draw_page.expect_digit(7)
    draw_page.undo.click()
    draw_page.expect_blank()
    # The system takes the finger away, for a gesture of its own.
    draw_page.wait_until_idle()
    touch("touchStart", stroke[0])
    for point in stroke[1:]:
        touch("touchMove", point)
    touch("touchCancel")
    draw_page.expect_digit(7)
    draw_page.wait_until_idle()
    draw_page.expect_digit(7)


def test_toolbar_of_the_canvas_is_hidden_and_the_canvas_has_a_name(draw_page):
    draw_page.canvas.hover()
    expect(draw_page.page.locator(".dc-toolbar")).to_be_hidden()
    expect(draw_page.page.get_by_role("img", name="Canvas: draw here")).to_be_visible()


def test_clear_keeps_the_focus_and_ctrl_z_undoes(draw_page):
    page = draw_page.page
    draw_page.draw(shift_sample(4))
    draw_page.expect_digit(4)
    page.locator(".st-key-draw_several input").focus()
    page.keyboard.press("Control+z")
    expect(draw_page.digit).not_to_have_text("4")
    draw_page.clear.focus()
    page.keyboard.press("Enter")
    draw_page.expect_blank()
    expect(draw_page.clear).to_be_focused()


WATCH_LINK = """link => link.addEventListener("click", () => {
  const element = document.querySelector(".st-key-draw_canvas_pen");
  const { pen } = element.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot;
  window.pendingStrokes = pen.strokes.length;
})"""


def test_page_is_left_when_the_canvas_has_reported_the_last_stroke(draw_page):
    """A report that arrives while another page opens would leave that page empty."""
    page = draw_page.page
    link = page.get_by_role("link", name="Models")
    link.evaluate(WATCH_LINK)
    box = link.bounding_box()
    draw_page.draw_sample(7)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_role("heading", name="Models", exact=True)).to_be_visible()
    assert page.evaluate("window.pendingStrokes") == 0
