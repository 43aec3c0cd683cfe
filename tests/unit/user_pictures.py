"""Pictures of three kinds as a user's files: discs, stripes and checkerboards, with noise."""

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.unit.user_zip import pack

KINDS = ("discs", "stripes", "checkerboards")


def build_picture(kind: str, seed: int) -> np.ndarray:
    """One picture, `(h, w, 3)` uint8, of a random size, colour and scale."""
    random = np.random.default_rng([KINDS.index(kind), seed])
    height, width = random.integers(70, 130, 2)
    y, x = np.mgrid[:height, :width].astype(float)
    side, shift = random.uniform(12, 18), random.uniform(0, 12, 2)
    if kind == "discs":
        radius = min(height, width) * random.uniform(0.25, 0.35)
        is_front = np.hypot(y - height / 2, x - width / 2) < radius
    elif kind == "stripes":
        is_front = (y + shift[0]) // side % 2 == 0
    else:
        is_front = ((y + shift[0]) // side + (x + shift[1]) // side) % 2 == 0
    front, back = random.integers(150, 256, 3), random.integers(0, 100, 3)
    picture = np.where(is_front[..., None], front, back) + random.normal(0, 12, (height, width, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


def encode_picture(picture: np.ndarray, file_format: str = "PNG", **options: object) -> bytes:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, file_format, **options)
    return content.getvalue()


def build_png(width: int, height: int, *chunks: bytes) -> bytes:
    """A grey PNG whose header claims a size, with pixels for 28x28; more chunks before them."""
    header = build_png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = build_png_chunk(b"IDAT", zlib.compress(bytes(28 * 29)))
    end = build_png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + pixels + end


def build_png_chunk(kind: bytes, body: bytes) -> bytes:
    """One part of a PNG file."""
    checksum = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def list_pictures(n: int, *, kinds: tuple[str, ...] = KINDS) -> Iterator[tuple[str, bytes]]:
    """Names such as `pictures/discs/3.png`, and contents, of n pictures of each kind."""
    for kind in kinds:
        for k in range(n):
            yield f"pictures/{kind}/{k}.png", encode_picture(build_picture(kind, k))


def list_tinted(names: list[str], n: int) -> Iterator[tuple[str, bytes]]:
    """n tiny pictures of each class, all different."""
    for k, name in enumerate(names):
        for number in range(n):
            picture = np.full((8, 8, 3), (k, number, 255 - k), np.uint8)
            yield f"{name}/{number}.png", encode_picture(picture)


def pack_pictures(n: int) -> bytes:
    return pack(list_pictures(n))
