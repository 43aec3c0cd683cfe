"""Page object of the Draw page."""

from collections.abc import Callable

from playwright.sync_api import FilePayload, FloatRect, Locator, Page, expect

from digitlab.ink.samples import SAMPLE_POINTS, Points

# The samples and the shared pen strokes are drawn in 280 px; the canvas is 420 px wide, and on a
# phone at least 300 px.
MARGIN_PX = 10
# Not that for labelled drawings, which the Draw page has as well.
UPLOADER = "input[type=file]:not(.st-key-teach input)"
# Whether the canvas has reported all strokes of the pen.
ALL_ARE_REPORTED = """() => {
  const element = document.querySelector(".st-key-draw_canvas_pen");
  const { pen } = element.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot;
  return !pen.down && !pen.strokes.length;
}"""

# Whether the canvas shows nothing: it clears itself a moment after the app has asked it to.
IS_CLEARED = """() => {
  const hosts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  const canvases = hosts.map((host) => host.shadowRoot?.querySelector("canvas.lower-canvas"));
  const canvas = canvases.filter(Boolean).at(-1);
  if (!canvas) return false;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const pixels = new Uint32Array(data.buffer);
  return pixels.every((pixel) => pixel === pixels[0]);
}"""


def draw_strokes(page: Page, strokes: list[Points], box: FloatRect | None = None) -> None:
    """Draw on a page's canvas with the mouse; points are in canvas pixels.

    Args:
        box: where the canvas is; by default it is looked up, once nothing moves.
    """
    box = box or find_canvas_box(page)
    for stroke in strokes:
        points = [(box["x"] + x, box["y"] + y) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def shift_sample(digit: int) -> list[Points]:
    """A sample digit in the middle of the canvas, which has a margin around it."""
    return [[(x + MARGIN_PX, y + MARGIN_PX) for x, y in stroke] for stroke in SAMPLE_POINTS[digit]]


def find_canvas(page: Page) -> Locator:
    """The canvas that receives the pointer; Fabric.js puts it over the one that shows the ink."""
    # The page that was left may still have one.
    return page.locator("canvas.upper-canvas").last


def find_canvas_box(page: Page) -> FloatRect:
    """Where a page's canvas is, once it has stopped moving."""
    canvas = find_canvas(page)
    canvas.wait_for()
    wait_until_idle(page)
    # Playwright waits until it is in view, does not move, and is covered by nothing.
    canvas.hover(trial=True)
    box = canvas.bounding_box()
    assert box
    return box


def wait_until_idle(page: Page) -> None:
    """Wait until the app has processed all input so far."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")


def keep_pen_reporting(page: Page) -> None:
    """Let the pen report all strokes, although a busy machine may answer slowly."""
    page.evaluate("""() => {
      const hosts = document.querySelectorAll("[data-testid=stBidiComponentIsolated]");
      const pens = [...hosts].map(({ shadowRoot }) => shadowRoot?.pen).filter(Boolean);
      pens.forEach((pen) => Object.defineProperty(pen, "restUntil", { get: () => 0, set() {} }));
      if (!pens.length) throw new Error("There is no pen.");
    }""")


def open_expander(expander: Locator) -> None:
    """Open an expander and wait until it has opened: a list that is opened before would close."""
    expander.locator("summary").click()
    expander.evaluate("""async (node) => {
      const animations = node.getAnimations({ subtree: true });
      await Promise.allSettled(animations.map((one) => one.finished));
    }""")


def upload_file(page: Page, name: str, mime_type: str, content: bytes) -> None:
    """Choose a file in a page's file uploader."""
    upload = page.locator(UPLOADER)
    # While the page changes, the old uploader may still be there beside the new one.
    expect(upload).to_have_count(1)
    wait_until_idle(page)
    upload.set_input_files({"name": name, "mimeType": mime_type, "buffer": content})


def put_unasked_files(page: Page, content: bytes, n: int) -> list[int]:
    """Upload files as a script would, through the uploader of the page; the status codes."""
    with page.expect_request(lambda request: request.method == "PUT") as sent:
        upload_file(page, "a.zip", "application/zip", b"x")
    headers = {"x-xsrftoken": sent.value.headers["x-xsrftoken"]}
    address = sent.value.url.rpartition("/")[0]
    file: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": content}
    return [
        page.request.put(f"{address}/{k}", headers=headers, multipart={"a.png": file}).status
        for k in range(n)
    ]


class DrawPage:
    """Draws on the canvas and checks the answer."""

    def __init__(self, page: Page) -> None:
        self.page = page
        find_canvas(page).wait_for()
        self.undo.wait_for()

    @property
    def canvas(self) -> Locator:
        return find_canvas(self.page)

    @property
    def digit(self) -> Locator:
        """The large digit of the answer."""
        return self.page.get_by_test_id("digit")

    @property
    def undo(self) -> Locator:
        return self.page.locator(".st-key-draw_undo button")

    @property
    def clear(self) -> Locator:
        return self.page.locator(".st-key-draw_clear button")

    def draw(self, strokes: list[Points]) -> None:
        """Draw with the mouse; points are in canvas pixels."""
        draw_strokes(self.page, strokes)

    def draw_sample(self, digit: int) -> None:
        """Draw the strokes of a sample digit with the mouse."""
        self.draw(shift_sample(digit))

    def try_sample(self, digit: int) -> None:
        """Click a sample digit and wait for its answer."""
        self.page.get_by_role("button", name=f"Sample {digit}").click()
        self.expect_digit(digit)
        # The canvas has reported that it shows the sample.
        self.wait_until_idle()

    def put_fingers(self) -> Callable[..., None]:
        """A function that sends one touch event; the page must have been opened with touch."""
        box = find_canvas_box(self.page)
        session = self.page.context.new_cdp_session(self.page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            positions = [
                {"x": box["x"] + x, "y": box["y"] + y, "id": k} for k, (x, y) in enumerate(points)
            ]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": positions})

        return touch

    def draw_with_finger(self, strokes: list[Points]) -> None:
        """Draw with touch events; the page must have been opened with touch."""
        touch = self.put_fingers()
        for stroke in strokes:
            touch("touchStart", stroke[0])
            for point in stroke[1:]:
                touch("touchMove", point)
            touch("touchEnd")

    def wait_until_reported(self) -> None:
        """Wait until the canvas has reported all strokes, and the answer to them is shown."""
        self.page.wait_for_function(ALL_ARE_REPORTED)
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        wait_until_idle(self.page)

    def expect_digit(self, digit: int) -> None:
        expect(self.digit).to_have_text(str(digit))

    def expect_blank(self) -> None:
        expect(self.digit).to_have_count(0)
        expect(self.page.get_by_text("Draw a digit, 0 to 9")).to_be_visible()
        self.page.wait_for_function(IS_CLEARED)
