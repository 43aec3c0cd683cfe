"""The Draw page as a person handles it."""

from playwright.sync_api import FloatRect, Locator, Page, expect

Points = list[tuple[float, float]]


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
        box = self._find_canvas_box()
        for stroke in strokes:
            points = [(box["x"] + x, box["y"] + y) for x, y in stroke]
            self.page.mouse.move(*points[0])
            self.page.mouse.down()
            for point in points[1:]:
                self.page.mouse.move(*point)
            self.page.mouse.up()

    def draw_with_finger(self, strokes: list[Points]) -> None:
        """Draw with touch events; the page must have been opened with touch."""
        box = self._find_canvas_box()
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
        app = self.page.get_by_test_id("stApp")
        expect(app).to_have_attribute("data-test-script-state", "notRunning")

    def _find_canvas_box(self) -> FloatRect:
        # While the page runs, an older canvas may still be there, about to be replaced.
        self.wait_until_idle()
        self.canvas.scroll_into_view_if_needed()
        box = self.canvas.bounding_box()
        assert box
        return box

    def expect_digit(self, digit: int) -> None:
        expect(self.digit).to_have_text(str(digit))

    def expect_blank(self) -> None:
        expect(self.digit).to_have_count(0)
        expect(self.page.get_by_text("Draw a digit, 0 to 9")).to_be_visible()
