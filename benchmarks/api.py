"""How fast the JSON API classifies, alone and beside visitors who draw.

`python -m benchmarks.api [--requests 1000] [--clients 4] [--visitors 10]`. Each client sends the
next picture, a PNG of 200x200 pixels, when the last one is answered.
"""

import argparse
import asyncio
import io
import os
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.visitors import Times, measure
from digitlab.ink.samples import CANVAS_PX, SAMPLE_POINTS
from tests.browser.server import serve_app, use_empty_folders

_SIDE_PX = 200


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--visitors", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, use_empty_folders(Path(folder)):
        os.environ["DIGITLAB_API_REQUESTS_PER_MINUTE"] = "1000000"
        with serve_app(Path(folder) / "server.log") as (url, _):
            asyncio.run(_measure(url, options))


async def _measure(url: str, options: argparse.Namespace) -> None:
    classify = partial(_classify_many, url, options.requests, options.clients)
    await asyncio.to_thread(_classify_many, url, 20, 1)
    print(f"\n{options.requests} pictures from {options.clients} clients of the API")
    begin_s = time.perf_counter()
    times = await asyncio.to_thread(classify)
    _print_row("alone", times, time.perf_counter() - begin_s)

    drawing = asyncio.create_task(measure(url, options.visitors, 15, is_live=False))
    # Until all of them have opened the page.
    await asyncio.sleep(5)
    begin_s = time.perf_counter()
    times = await asyncio.to_thread(classify)
    _print_row(f"beside {options.visitors} visitors", times, time.perf_counter() - begin_s)
    seen: Times = await drawing
    print(f"answers to their strokes: 95 % within {np.percentile(seen.final_ms, 95):.0f} ms")


def _print_row(name: str, times: Sequence[float], seconds: float) -> None:
    median, high = np.percentile(times, [50, 95])
    print(
        f"{name:20} {len(times) / seconds:5.0f} pictures/s, median {median:4.0f} ms, 95 % within "
        f"{high:4.0f} ms, worst {max(times):4.0f} ms",
        flush=True,
    )


def _classify_many(url: str, n_requests: int, n_clients: int) -> list[float]:
    """The milliseconds of each request; an answer but 200 is an error."""
    pictures = [_build_picture(digit) for digit in SAMPLE_POINTS]

    def classify(number: int) -> float:
        begin_s = time.perf_counter()
        request = urllib.request.Request(
            f"{url}/api/v1/classify",
            pictures[number % len(pictures)],
            {"Content-Type": "image/png"},
        )
        with urllib.request.urlopen(request) as answer:
            answer.read()
        return 1000 * (time.perf_counter() - begin_s)

    with ThreadPoolExecutor(n_clients) as pool:
        return list(pool.map(classify, range(n_requests)))


def _build_picture(digit: int) -> bytes:
    picture = Image.new("L", (_SIDE_PX, _SIDE_PX), 255)
    draw = ImageDraw.Draw(picture)
    scale = _SIDE_PX / CANVAS_PX
    for line in SAMPLE_POINTS[digit]:
        draw.line([(x * scale, y * scale) for x, y in line], fill=0, width=12, joint="curve")
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main()
