"""Give a hosted app hostile files, and measure the peak memory of its process for each.

    python -m benchmarks.hostile_files

Pictures on the Draw page, zips on the Evaluate and Train pages, labelled drawings, drawings sent to
the API, and requests that no page makes. All go to one process, as visitors' would. For each: its
size, how far the peak of the process's resident memory rose above what it had before, and the
answer. Model files, which only the app at home accepts: `python -m benchmarks.malicious_models`.
"""

import contextlib
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
from PIL import Image
from playwright.sync_api import Browser, Page, Request, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from benchmarks.hostile_contents import format_json, list_drawings, list_pictures, list_zips
from benchmarks.memory import read_peak_bytes, reset_peak
from digitlab.ink.samples import build_sample_drawing
from tests.browser.chromium import open_chromium
from tests.browser.draw_page import UPLOADER, find_canvas, put_unasked_files, wait_until_idle
from tests.browser.server import HOSTED, serve_app, use_empty_folders
from tests.unit.user_zip import build_pngs, pack

_GOAL_MB = 200
_TIMEOUT_S = 60
_SETTLE_MS = 300
_ANSWER_LENGTH = 160
# What Streamlit shows for an exception that a page did not expect.
_UNEXPECTED = "This app has encountered an error"


@dataclass(frozen=True)
class App:
    """The server, and a browser for it."""

    url: str
    browser: Browser


# Gives a file to the app and returns the answer.
Sender = Callable[[App, str, bytes], str]


def main() -> None:
    """Print the table."""
    worst_mb = 0.0
    with (
        tempfile.TemporaryDirectory() as folder,
        use_empty_folders(Path(folder)),
        open_chromium() as browser,
        serve_app(Path(folder) / "server.log", options=HOSTED) as served,
    ):
        url, process = served
        app = App(url, browser)
        # Every library is loaded once, with files of ordinary kind.
        for send, name, content in _list_ordinary_files():
            send(app, name, content)
        print(f"{'rise':>7} {'before':>7} {'file':>9}  what")
        for label, send, name, content in _list_files():
            before_mb = reset_peak(process.pid) / 1e6
            answer = send(app, name, content)
            assert _UNEXPECTED not in answer, answer
            rise_mb = read_peak_bytes(process.pid) / 1e6 - before_mb
            worst_mb = max(worst_mb, rise_mb)
            figures = f"{rise_mb:4.0f} MB {before_mb:4.0f} MB {len(content) / 1e6:6.2f} MB"
            print(f"{figures}  {label}: {answer[:_ANSWER_LENGTH]}", flush=True)
        assert process.poll() is None, "the server ended"
        left = [path for path in Path(folder).rglob("*") if path.is_file() and "runs" in path.parts]
    print(f"\nlargest rise: {worst_mb:.0f} MB, goal {_GOAL_MB}; files of runs: {len(left)}")


def _list_ordinary_files() -> Iterator[tuple[Sender, str, bytes]]:
    pngs = build_pngs()
    yield _draw, "digit.png", pngs[0][1]
    small = io.BytesIO()
    Image.open(io.BytesIO(pngs[0][1])).convert("RGB").save(small, "WEBP")
    yield _draw, "digit.webp", small.getvalue()
    zipped = pack((f"{label}/{k}.png", content) for k, (label, content) in enumerate(pngs))
    yield _evaluate, "digits.zip", zipped
    yield _create_data_set, "digits.zip", zipped
    yield _classify, "drawing.json", format_json(build_sample_drawing(3))


def _list_files() -> Iterator[tuple[str, Sender, str, bytes]]:
    """A label, who gets it, the file's name and its content."""
    for label, name, content in list_pictures():
        yield label, _draw, name, content
    for label, content in list_zips():
        yield f"{label}, Evaluate", _evaluate, "hostile.zip", content
        yield f"{label}, Train", _create_data_set, "hostile.zip", content
    for label, content in list_drawings(9_900_000):
        yield f"{label}, the API", _classify, "drawing.json", content
    for label, content in list_drawings(4_900_000):
        # A valid drawing becomes a file of one labelled drawing.
        labelled = b'{"digits":[%s]}' % content.replace(b"{", b'{"digit":3,', 1)
        yield f"{label}, Draw", _teach, "drawings.json", labelled
    yield "a message of 200 MB on the websocket", _send_message, "", bytes(200_000_000)
    yield "20 uploads of 24 MB that no widget asked for", _upload_unasked, "", bytes(24_000_000)


def _draw(app: App, name: str, content: bytes) -> str:
    with _open(app, "/") as page:
        find_canvas(page).wait_for()
        page.get_by_text("Picture", exact=True).click()
        _choose_file(page, UPLOADER, name, content)
        return _read_answer(page)


def _teach(app: App, name: str, content: bytes) -> str:
    with _open(app, "/") as page:
        page.get_by_text("Teach it your hand · 0 digits").click()
        _choose_file(page, ".st-key-teach input[type=file]", name, content)
        return _read_answer(page)


def _evaluate(app: App, name: str, content: bytes) -> str:
    with _open(app, "/evaluate?model=digitlab_cnn&view=user_test_set") as page:
        _choose_file(page, UPLOADER, name, content)
        return _read_answer(page)


def _create_data_set(app: App, name: str, content: bytes) -> str:
    with _open(app, "/train") as page:
        page.get_by_text("Use your own pictures").click()
        _choose_file(page, UPLOADER, name, content)
        page.get_by_role("button", name="Create the data set").click()
        # What is in the zip is read by a process of its own.
        found = page.get_by_test_id("own-classes")
        problem = page.locator("[class*=st-key-train_own_data]").get_by_test_id("stAlertContainer")
        found.or_(problem).wait_for()
        return "a data set" if found.is_visible() else problem.inner_text()


@contextlib.contextmanager
def _open(app: App, address: str) -> Iterator[Page]:
    """A page of a new visitor."""
    with app.browser.new_context(base_url=app.url) as context:
        context.set_default_timeout(1000 * _TIMEOUT_S)
        page = context.new_page()
        page.goto(address)
        wait_until_idle(page)
        yield page


def _choose_file(page: Page, uploader: str, name: str, content: bytes) -> None:
    """Choose a file, and wait until the app has looked at it."""
    # A buffer may have 50 MB at most.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        sent: list[Request] = []

        def note(request: Request) -> None:
            sent.append(request)

        page.on("requestfinished", note)
        page.locator(uploader).set_input_files(path)
        # Streamlit refuses files above the uploader's limit before it sends them.
        refusal = page.get_by_test_id("stFileChipIconError")
        while not refusal.is_visible() and all(request.method != "PUT" for request in sent):
            page.wait_for_timeout(20)
        # The page knows that the file has arrived before it sends what follows.
        page.wait_for_timeout(_SETTLE_MS)
        expect(page.get_by_test_id("stApp")).to_have_attribute(
            "data-test-script-state", "notRunning", timeout=1000 * _TIMEOUT_S
        )


def _read_answer(page: Page) -> str:
    texts = ["too large"] if page.get_by_test_id("stFileChipIconError").is_visible() else []
    texts += page.get_by_test_id("stAlertContainer").all_inner_texts()
    texts += [f"read as {text}" for text in page.get_by_test_id("digit").all_inner_texts()]
    return " ".join(" ".join(texts).split()) or "no message"


def _classify(app: App, _: str, content: bytes) -> str:
    response = httpx2.post(
        f"{app.url}/api/v1/classify",
        content=content,
        headers={"Content-Type": "application/json"},
        timeout=_TIMEOUT_S,
    )
    return f"{response.status_code} {response.text[:100]}"


def _send_message(app: App, _: str, content: bytes) -> str:
    address = app.url.replace("http", "ws", 1) + "/_stcore/stream"
    try:
        with connect(address, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
            socket.send(content)
            socket.recv(timeout=_TIMEOUT_S)
            return "accepted"
    except ConnectionClosed as error:
        return f"the connection was closed: {error}"


def _upload_unasked(app: App, _: str, content: bytes) -> str:
    with _open(app, "/train") as page:
        page.get_by_text("Use your own pictures").click()
        codes = put_unasked_files(page, content, 20)
        return ", ".join(f"{codes.count(code)} × {code}" for code in sorted(set(codes)))


if __name__ == "__main__":
    main()
