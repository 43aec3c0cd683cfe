"""The Draw page as a person handles it."""

from playwright.sync_api import FloatRect, Locator, Page, expect

Points = list[tuple[float, float]]


def draw_strokes(page: Page, strokes: list[Points]) -> None:
    """Draw on a page's canvas with the mouse; points are in canvas pixels."""
    box = find_canvas_box(page)
    for stroke in strokes:
        points = [(box["x"] + x, box["y"] + y) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def find_canvas_box(page: Page) -> FloatRect:
    """Where a page's canvas is."""
    # While the page runs, an older canvas may still be there, about to be replaced.
    wait_until_idle(page)
    canvas = page.locator("canvas").last
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    return box


def wait_until_idle(page: Page) -> None:
    """Wait until the app has answered all that was done so far."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")


class DrawPage:
    """Draws on the canvas and reads the answer off the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.canvas.wait_for()
        self.undo.wait_for()

    @property
    def canvas(self) -> Locator:
        """The upper canvas, which takes the pen."""
        return self.page.locator("canvas").last

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

    def draw_with_finger(self, strokes: list[Points]) -> None:
        """Draw with touch events; the page must have been opened with touch."""
        box = find_canvas_box(self.page)
        session = self.page.context.new_cdp_session(self.page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            places = [{"x": box["x"] + x, "y": box["y"] + y} for x, y in points]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

        for stroke in strokes:
            touch("touchStart", stroke[0])
            for point in stroke[1:]:
                touch("touchMove", point)
            touch("touchEnd")

    def wait_until_idle(self) -> None:
        wait_until_idle(self.page)

    def expect_digit(self, digit: int) -> None:
        expect(self.digit).to_have_text(str(digit))

    def expect_blank(self) -> None:
        expect(self.digit).to_have_count(0)
        expect(self.page.get_by_text("Draw a digit, 0 to 9")).to_be_visible()
