"""Give a hosted app hostile files, and measure the peak memory of its process for each.

    python -m benchmarks.hostile_files

Pictures on the Draw page, zips on the Evaluate and Train pages, labelled drawings, drawings sent to
the API, and requests that no page makes. All go to one process, as visitors' would. For each: its
size, how far the peak of the process's resident memory rose above what it had before, and the
answer. Model files, which only the app at home accepts: `python -m benchmarks.malicious_models`.
"""

import contextlib
import io
import json
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, Request, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from benchmarks.memory import read_peak_bytes, reset_peak
from digitlab.ink.samples import build_sample_drawing
from tests.browser.chromium import open_chromium
from tests.browser.draw_page import UPLOADER, find_canvas, upload_file, wait_until_idle
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
    yield _classify, "drawing.json", _format(build_sample_drawing(3))


def _list_files() -> Iterator[tuple[str, Sender, str, bytes]]:
    """A label, who gets it, the file's name and its content."""
    for label, name, content in _list_pictures():
        yield label, _draw, name, content
    for label, content in _list_zips():
        yield f"{label}, Evaluate", _evaluate, "hostile.zip", content
        yield f"{label}, Train", _create_data_set, "hostile.zip", content
    for label, content in _list_drawings(9_900_000):
        yield f"{label}, the API", _classify, "drawing.json", content
    for label, content in _list_drawings(4_900_000):
        # A valid drawing becomes a file of one labelled drawing.
        labelled = b'{"digits":[%s]}' % content.replace(b"{", b'{"digit":3,', 1)
        yield f"{label}, Draw", _teach, "drawings.json", labelled
    yield "a message of 200 MB on the websocket", _send_message, "", bytes(200_000_000)
    yield "20 uploads of 24 MB that no widget asked for", _upload_unasked, "", bytes(24_000_000)


def _list_pictures() -> Iterator[tuple[str, str, bytes]]:
    large = _encode(Image.new("1", (20_000, 20_000)), "PNG")
    yield "PNG of 20,000 × 20,000 pixels", "large.png", large
    yield "PNG whose header claims 3.6 gigapixels", "claims.png", _build_png(60_000, 60_000)
    yield "the largest PNG that is decoded, RGBA", "rgba.png", _encode(_blank("RGBA", 12), "PNG")
    yield "the largest WebP that is decoded", "rgb.webp", _encode(_blank("RGB", 12), "WEBP")
    yield "the largest JPEG that is decoded", "rgb.jpg", _encode(_blank("RGB", 50), "JPEG")
    yield (
        "progressive JPEG of 50 megapixels",
        "p.jpg",
        _encode(_blank("RGB", 50), "JPEG", progressive=True),
    )
    for kind in ("zTXt", "iCCP"):
        yield f"PNG with a {kind} of 1 GB", "chunk.png", _build_png(28, 28, _build_bomb(kind))
    frames = [Image.new("P", (200, 200), k % 2) for k in range(10_000)]
    gif = _encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=20)
    yield "GIF of 10,000 frames", "frames.gif", gif
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield "SVG named .png", "svg.png", svg
    yield "HTML named .png", "html.png", b"<!doctype html><script>alert(1)</script>"
    yield "TIFF named .png", "tiff.png", _encode(_blank("L", 1), "TIFF")
    yield "49 MB of zeros named .png", "zeros.png", bytes(49_000_000)


def _list_zips() -> Iterator[tuple[str, bytes]]:
    label, png = build_pngs()[0]
    good = (f"{label}/good.png", png)
    zeros = pack([good, ("7/bomb.png", bytes(1_000_000_000))])
    yield "zip bomb of 1 GB", zeros
    lying = zeros.replace(struct.pack("<I", 1_000_000_000), struct.pack("<I", 1000))
    yield "zip bomb of 1 GB that declares 1,000 bytes", lying
    yield "zip of 27 pictures of 19 MB", pack((f"7/{k}.png", bytes(19_000_000)) for k in range(27))
    yield "zip of 100,000 files", pack((f"7/{k}.png", b"") for k in range(100_000))
    webp = _encode(Image.new("RGB", (7071, 7071), (200, 190, 180)), "WEBP")
    yield "zip of 1,500 pictures of 50 megapixels", pack((f"7/{k}.webp", webp) for k in range(1500))
    png = _build_png(28, 28, _build_bomb("iCCP"))
    yield "zip of 100 PNGs with an iCCP of 1 GB", pack((f"7/{k}.png", png) for k in range(100))
    yield (
        "zip with paths that lead outside",
        pack((name, good[1]) for name in ("../../7/out.png", "/7/root.png", "C:/7/drive.png")),
    )
    directory = bytearray(pack([good, ("7/b.png", b"b")]))
    directory[-10:-6] = struct.pack("<I", 3_000_000_000)
    yield "zip whose directory claims 3 GB", bytes(directory)
    yield (
        "zip of 19 MB that cannot be compressed",
        pack([("7/noise.png", np.random.default_rng(0).bytes(19_000_000))]),
    )


def _list_drawings(n_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Canvas drawings that are files of labelled drawings too; the largest have about n bytes."""
    one = {"type": "path", "path": [["M", 1, 1], ["L", 200, 200]], "strokeWidth": 9}
    n_objects, n_points = n_bytes // 70, n_bytes // 10
    for label, objects in (
        (f"{n_objects:,} objects", [one] * n_objects),
        (f"{n_points:,} points", [one | {"path": [["M", 1, 1], *([["L", 9, 9]] * n_points)]}]),
        ("one object at 10³⁰⁰", [one | {"path": [["M", 1e300, 1], ["L", -1e300, 9]]}]),
    ):
        yield f"drawing with {label}", _format(build_sample_drawing(3) | {"objects": objects})
    yield "JSON nested 100,000 deep", b"[" * 100_000 + b"]" * 100_000
    yield f"JSON of {n_bytes // 2:,} numbers", b"[" + b"1," * (n_bytes // 2 - 2) + b"1]"


def _format(drawing: object) -> bytes:
    return json.dumps(drawing, separators=(",", ":")).encode()


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
        with page.expect_request(lambda request: request.method == "PUT") as sent:
            upload_file(page, "a.zip", "application/zip", b"x")
        headers = {"x-xsrftoken": sent.value.headers["x-xsrftoken"]}
        address = sent.value.url.rpartition("/")[0]
        file: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": content}
        codes = [
            page.request.put(f"{address}/{k}", headers=headers, multipart={"a.png": file}).status
            for k in range(20)
        ]
        return ", ".join(f"{codes.count(code)} × {code}" for code in sorted(set(codes)))


def _blank(mode: str, megapixels: int) -> Image.Image:
    unit = int((megapixels * 1e6 / 12) ** 0.5)
    return Image.new(mode, (4 * unit, 3 * unit))


def _encode(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _build_png(width: int, height: int, *chunks: bytes) -> bytes:
    """A grey PNG whose pixels are missing, with more chunks before them."""
    header = _build_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = _build_chunk(b"IDAT", zlib.compress(bytes(28 * 29)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + pixels + _build_chunk(b"IEND", b"")


def _build_bomb(kind: str) -> bytes:
    """A chunk of a PNG that decompresses to 1 GB: a name, two zeros, the compressed content."""
    return _build_chunk(kind.encode(), b"a\0\0" + zlib.compress(bytes(1_000_000_000)))


def _build_chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


if __name__ == "__main__":
    main()
