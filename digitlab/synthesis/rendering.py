"""Render pen strokes as screenshots, scans and photos; render pictures without digits."""

from collections.abc import Sequence

import cv2
import numpy as np

_SHIFT_BITS = 4
# A 1 stretched any further would become a block of ink.
_MAX_STRETCH = 2.5
_Random = np.random.Generator


def draw_page(
    strokes: Sequence[np.ndarray], size_px: tuple[int, int], pen_px: float, margin: np.ndarray
) -> np.ndarray:
    """Draw strokes on a page.

    Args:
        strokes: lines `(n, 2)`, any unit; the aspect is kept.
        size_px: `(height, width)` of the page.
        pen_px: the pen's width.
        margin: free fraction of the page at left, top, right and bottom, `(4,)`.
    Returns:
        `(h, w)` uint8, ink 255.
    """
    height, width = size_px
    oversampling = 4 if max(size_px) < 64 else 1
    points = np.concatenate(list(strokes))
    low, high = points.min(axis=0), points.max(axis=0)
    left, top, right, bottom = margin * [width, height, width, height]
    space = np.array([width - left - right - pen_px, height - top - bottom - pen_px])
    scale = float((np.maximum(space, 2) / np.maximum(high - low, 1e-3)).min())
    offset = np.array([left, top]) + pen_px / 2 + (space - (high - low) * scale) / 2
    page = np.zeros((height * oversampling, width * oversampling), np.uint8)
    lines = [
        np.round(((line - low) * scale + offset) * oversampling * 2**_SHIFT_BITS).astype(np.int32)
        for line in strokes
    ]
    thickness = max(1, round(pen_px * oversampling))
    cv2.polylines(page, lines, False, 255, thickness, cv2.LINE_AA, _SHIFT_BITS)
    if oversampling == 1:
        return page
    return cv2.resize(page, (width, height), interpolation=cv2.INTER_AREA)


def make_screen_picture(strokes: Sequence[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Render strokes as by a paint program or web canvas: `(h, w)` uint8, either polarity."""
    side = int(random.choice([28, 28, 28, 40, 64, 100, 140, 200]))
    pen = side * float(np.exp(random.uniform(np.log(0.025), np.log(0.14))))
    margin = random.uniform(0.02, 0.3, 4)
    page = draw_page(strokes, (side, side), max(pen, 1.0), margin)
    if random.random() < 0.2:
        page = cv2.GaussianBlur(page, (0, 0), float(random.uniform(0.3, 0.8)))
    return page if random.random() < 0.5 else 255 - page


def make_scan(strokes: Sequence[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Render strokes as a scan of 16x16 without margin: `(16, 16)` uint8, ink 255."""
    large = draw_page(strokes, (200, 200), float(random.uniform(9, 36)), np.full(4, 0.1))
    return scan(large, random)


def scan(digit: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Reduce a picture of a digit to 16x16, often stretched to fill it, often black and white.

    Args:
        digit: `(h, w)` uint8, ink 255; not empty.
    """
    rows = np.flatnonzero((digit > 100).any(axis=1))
    columns = np.flatnonzero((digit > 100).any(axis=0))
    crop = digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # Some data sets keep the aspect ratio, others stretch every digit to the full square.
    stretch = 1.0 if random.random() > 0.7 else _MAX_STRETCH
    padding = np.maximum(np.round(max(crop.shape) / stretch).astype(int) - np.array(crop.shape), 0)
    if padding.any():
        before, after = padding // 2, padding - padding // 2
        crop = np.pad(crop, ((before[0], after[0]), (before[1], after[1])))
    reduced = cv2.resize(crop, (16, 16), interpolation=cv2.INTER_AREA)
    if random.random() < 0.7:
        reduced = np.where(reduced > random.uniform(70, 150), 255, 0).astype(np.uint8)
    return reduced


def make_photo(strokes: Sequence[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Render strokes as a photo of paper, with uneven light, noise and blur: `(h, w, 3)`."""
    height, width = (int(n) for n in random.integers(150, 320, 2))
    margin = random.uniform(0.08, 0.4, 4)
    pen = max(height, width) * float(np.exp(random.uniform(np.log(0.004), np.log(0.06))))
    page = draw_page(strokes, (height, width), max(pen, 1.2), margin)
    ink = cv2.GaussianBlur(page, (0, 0), float(random.uniform(0.4, 1.6))).astype(np.float32) / 255
    ink *= 1 + 0.25 * draw_field((height, width), 12, random)
    paper = random.uniform(130, 240) + random.uniform(-12, 12, 3)
    pen_colour = paper * random.uniform(0.1, 0.75) + random.uniform(-30, 30, 3)
    light = 1 + 0.18 * draw_field((height, width), 2, random)
    if random.random() < 0.3:
        light *= draw_shadow((height, width), random)
    coverage = np.clip(ink, 0, 1)[..., None]
    photo = (paper * (1 - coverage) + np.minimum(pen_colour, paper - 25) * coverage) * light[
        ..., None
    ]
    noise = random.normal(0, random.uniform(0.5, 5), (height, width, 1)).astype(np.float32)
    photo += cv2.GaussianBlur(noise, (0, 0), 0.6).reshape(noise.shape)
    return np.clip(photo, 0, 255).astype(np.uint8)


def draw_field(size: tuple[int, int], cells: int, random: np.random.Generator) -> np.ndarray:
    """Draw a smooth random field with a standard deviation of about 1: `(h, w)` float32."""
    coarse = random.normal(0, 1, (cells + 1, cells + 1)).astype(np.float32)
    return cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC)


def draw_shadow(size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """Draw the brightness of a page with a shadow on one side: `(h, w)` float32."""
    y, x = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j].astype(np.float32)
    angle = random.uniform(0, 2 * np.pi)
    distance = x * np.cos(angle) + y * np.sin(angle) - random.uniform(-0.7, 0.7)
    depth, softness = random.uniform(0.1, 0.45), random.uniform(0.05, 0.5)
    return (1 - depth / (1 + np.exp(-distance / softness))).astype(np.float32)


def make_texture(random: _Random) -> np.ndarray:
    """Make clouds, noise or blots: `(h, w)` uint8."""
    height, width = (int(n) for n in random.integers(28, 200, 2))
    field = draw_field((height, width), int(random.integers(2, 14)), random)
    if random.random() < 0.4:
        field = (field > random.uniform(0, 1)).astype(np.float32) * 2
    field += random.normal(0, random.uniform(0.02, 0.5), field.shape).astype(np.float32)
    return np.clip(128 + 60 * field, 0, 255).astype(np.uint8)


def make_blank_page(random: _Random) -> np.ndarray:
    """Make paper with uneven light and noise, often a shadow, lines or specks: `(h, w)` uint8."""
    height, width = (int(n) for n in random.integers(60, 300, 2))
    page = np.full((height, width), random.uniform(90, 250), np.float32)
    page *= 1 + random.uniform(0, 0.2) * draw_field((height, width), 2, random)
    if random.random() < 0.3:
        page *= draw_shadow((height, width), random)
    if random.random() < 0.3:
        page = _draw_ruled_lines(page, random)
    for _ in range(int(random.integers(0, 8)) if random.random() < 0.4 else 0):
        x, y = (int(n) for n in random.uniform(0, (width, height)))
        radius = max(1, round(min(height, width) * random.uniform(0.003, 0.02)))
        cv2.circle(page, (x, y), radius, float(random.uniform(20, 120)), -1, cv2.LINE_AA)
    noise = random.normal(0, random.uniform(1, 14), page.shape).astype(np.float32)
    page += cv2.GaussianBlur(noise, (0, 0), float(random.uniform(0.3, 2.5)))
    return np.clip(page, 0, 255).astype(np.uint8)


def make_object_photo(random: _Random) -> np.ndarray:
    """Make a picture of filled shapes on a background, without writing: `(h, w, 3)` uint8."""
    height, width = (int(n) for n in random.integers(28, 160, 2))
    photo: np.ndarray = np.empty((height, width, 3), np.float32)
    for channel in range(3):
        field = draw_field((height, width), int(random.integers(1, 5)), random)
        photo[..., channel] = random.uniform(20, 235) + random.uniform(2, 40) * field
    for _ in range(int(random.integers(1, 7))):
        mask = _draw_shape((height, width), random)[..., None]
        shade = 1 + random.uniform(0, 0.35) * draw_field((height, width), 3, random)[..., None]
        colour = random.uniform(5, 250, 3).astype(np.float32)
        photo = photo * (1 - mask) + colour * shade * mask
    photo = cv2.GaussianBlur(photo, (0, 0), float(random.uniform(0.3, 1.5)))
    photo += random.normal(0, random.uniform(1, 8), photo.shape).astype(np.float32)
    return np.clip(photo, 0, 255).astype(np.uint8)


def _draw_shape(size: tuple[int, int], random: _Random) -> np.ndarray:
    """A filled polygon or ellipse: `(h, w)` float32, 0 to 1."""
    height, width = size
    mask = np.zeros(size, np.float32)
    centre = random.uniform(0, (width, height))
    radius = random.uniform(0.08, 0.5) * max(size)
    n = int(random.integers(3, 12))
    angles = np.sort(random.uniform(0, 2 * np.pi, n))
    reach = radius * random.uniform(0.35, 1, n)
    corners = centre + reach[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if random.random() < 0.5:
        hull = cv2.convexHull(corners.astype(np.float32))
        cv2.fillPoly(mask, [np.round(hull).astype(np.int32)], 1.0, cv2.LINE_AA)
    else:
        axes = (int(radius) + 1, int(radius * random.uniform(0.2, 1)) + 1)
        position = (int(centre[0]), int(centre[1]))
        cv2.ellipse(
            mask, position, axes, float(random.uniform(0, 180)), 0, 360, 1.0, -1, cv2.LINE_AA
        )
    return mask


def _draw_ruled_lines(page: np.ndarray, random: _Random) -> np.ndarray:
    """Add horizontal lines, or a grid."""
    ruled = page.copy()
    spacing = int(max(8, min(page.shape) * random.uniform(0.05, 0.25)))
    brightness = float(random.uniform(0.6, 0.95))
    start = int(random.integers(spacing))
    ruled[start::spacing] *= brightness
    if random.random() < 0.5:
        ruled[:, start::spacing] *= brightness
    return ruled
