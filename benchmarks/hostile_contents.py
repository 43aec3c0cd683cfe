"""Hostile pictures, zips and drawings, for `benchmarks.hostile_files`."""

import io
import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from digitlab.ink.samples import build_sample_drawing
from tests.unit.user_pictures import build_png, build_png_chunk
from tests.unit.user_zip import build_pngs, pack


def list_pictures() -> Iterator[tuple[str, str, bytes]]:
    """A label, a file name and the content of each."""
    large = _encode(Image.new("1", (20_000, 20_000)), "PNG")
    yield "PNG of 20,000 × 20,000 pixels", "large.png", large
    yield "PNG whose header claims 3.6 gigapixels", "claims.png", build_png(60_000, 60_000)
    yield "the largest PNG that is decoded, RGBA", "rgba.png", _encode(_blank("RGBA", 12), "PNG")
    yield "the largest WebP that is decoded", "rgb.webp", _encode(_blank("RGB", 12), "WEBP")
    yield "the largest JPEG that is decoded", "rgb.jpg", _encode(_blank("RGB", 50), "JPEG")
    yield (
        "progressive JPEG of 50 megapixels",
        "p.jpg",
        _encode(_blank("RGB", 50), "JPEG", progressive=True),
    )
    for kind in ("zTXt", "iCCP"):
        yield f"PNG with a {kind} of 1 GB", "chunk.png", build_png(28, 28, _build_bomb(kind))
    frames = [Image.new("P", (200, 200), k % 2) for k in range(10_000)]
    gif = _encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=20)
    yield "GIF of 10,000 frames", "frames.gif", gif
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield "SVG named .png", "svg.png", svg
    yield "HTML named .png", "html.png", b"<!doctype html><script>alert(1)</script>"
    yield "TIFF named .png", "tiff.png", _encode(_blank("L", 1), "TIFF")
    yield "49 MB of zeros named .png", "zeros.png", bytes(49_000_000)


def list_zips() -> Iterator[tuple[str, bytes]]:
    """A label and the content of each."""
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
    png = build_png(28, 28, _build_bomb("iCCP"))
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


def list_drawings(n_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Canvas drawings that are files of labelled drawings too; the largest have about n bytes."""
    one = {"type": "path", "path": [["M", 1, 1], ["L", 200, 200]], "strokeWidth": 9}
    n_objects, n_points = n_bytes // 70, n_bytes // 10
    for label, objects in (
        (f"{n_objects:,} objects", [one] * n_objects),
        (f"{n_points:,} points", [one | {"path": [["M", 1, 1], *([["L", 9, 9]] * n_points)]}]),
        ("one object at 10³⁰⁰", [one | {"path": [["M", 1e300, 1], ["L", -1e300, 9]]}]),
    ):
        yield f"drawing with {label}", format_json(build_sample_drawing(3) | {"objects": objects})
    yield "JSON nested 100,000 deep", b"[" * 100_000 + b"]" * 100_000
    yield f"JSON of {n_bytes // 2:,} numbers", b"[" + b"1," * (n_bytes // 2 - 2) + b"1]"


def format_json(drawing: object) -> bytes:
    """A drawing as the canvas sends it."""
    return json.dumps(drawing, separators=(",", ":")).encode()


def _blank(mode: str, megapixels: int) -> Image.Image:
    unit = int((megapixels * 1e6 / 12) ** 0.5)
    return Image.new(mode, (4 * unit, 3 * unit))


def _encode(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _build_bomb(kind: str) -> bytes:
    """A chunk of a PNG that decompresses to 1 GB: a name, two zeros, the compressed content."""
    return build_png_chunk(kind.encode(), b"a\0\0" + zlib.compress(bytes(1_000_000_000)))
