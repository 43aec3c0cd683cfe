"""Digits under conditions that are hard to read, as pictures.

Thick pens, broken strokes, dark edges, squared paper, pencil, blur and shadows, stretched scans.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from digitlab.synthesis.rendering import draw_field, draw_page, draw_shadow, scan

_Random = np.random.Generator
_Strokes = Sequence[np.ndarray]


def make_thick_picture(strokes: _Strokes, random: _Random) -> np.ndarray:
    """Draw strokes with a pen of a tenth to a quarter of the digit: `(h, w)` uint8."""
    side = int(random.choice([28, 28, 40, 64, 120, 200]))
    margin = random.uniform(0.05, 0.3, 4)
    pen = side * float(1 - margin[1] - margin[3]) * random.uniform(0.1, 0.26)
    page = draw_page(strokes, (side, side), max(pen, 1.5), margin)
    return _set_polarity(page, random)


def make_broken_picture(strokes: _Strokes, random: _Random) -> np.ndarray:
    """Draw strokes as dots or dashes with irregular gaps about as wide as the pen: uint8."""
    side = int(random.choice([28, 56, 100, 200, 280]))
    margin = random.uniform(0.05, 0.3, 4)
    extent = float(np.ptp(np.concatenate(list(strokes)), axis=0).max())
    # Of the strokes' extent, as all lengths here.
    pen = random.uniform(0.035, 0.1)
    dash = pen * (random.uniform(0.3, 2.5) if random.random() < 0.5 else 0.0)
    gap = pen * random.uniform(1.2, 2.2)
    pieces = [
        piece * extent
        for stroke in strokes
        for piece in _break(stroke / max(extent, 1e-6), dash, gap, random)
    ]
    pen_px = max(1.0, pen * side * float(1 - max(margin[0] + margin[2], margin[1] + margin[3])))
    return _set_polarity(draw_page(pieces, (side, side), pen_px, margin), random)


def _break(stroke: np.ndarray, dash: float, gap: float, random: _Random) -> list[np.ndarray]:
    """Cut a stroke into dashes: mean length and mean distance from end to start."""
    steps = np.hypot(*np.diff(stroke, axis=0).T) if len(stroke) > 1 else np.zeros(0)
    lengths = np.concatenate([[0.0], np.cumsum(steps)])
    pieces, start = [], 0.0
    while start <= lengths[-1]:
        end = min(start + dash * random.uniform(0.6, 1.4), lengths[-1])
        at = np.linspace(start, end, 5)
        pieces.append(np.stack([np.interp(at, lengths, stroke[:, k]) for k in (0, 1)], axis=1))
        start = end + gap * random.uniform(0.7, 1.3)
    return pieces


def add_edges(picture: np.ndarray, random: _Random) -> np.ndarray:
    """Put a window's border, a corner, a frame or a piece of a neighbour at a picture's edge.

    Args:
        picture: `(h, w)` uint8, dark ink on light paper, with some paper around the digit.
    Returns:
        The same shape; black or grey on one to four sides.
    """
    framed = picture.copy()
    side = min(framed.shape)
    n_sides = int(random.choice([1, 1, 2, 2, 3, 4]))
    grey = float(random.uniform(0, 160)) if random.random() < 0.5 else 0.0
    for turn in random.permutation(4)[:n_sides]:
        rows = np.rot90(framed, int(turn))
        width = max(1, round(side * random.uniform(0.01, 0.1)))
        begin, end = 0, rows.shape[1]
        if random.random() < 0.3:
            begin, end = sorted(int(x) for x in random.integers(0, rows.shape[1] + 1, 2))
        rows[:width, begin:end] = np.clip(grey + random.normal(0, 4), 0, 255)
    return framed


def make_squared_photo(strokes: _Strokes, random: _Random) -> np.ndarray:
    """Photograph strokes on squared or lined paper, not straight from above: `(h, w, 3)` uint8."""
    height, width = (int(n) for n in random.integers(180, 380, 2))
    spacing = float(random.uniform(14, 44))
    size = min(spacing * random.uniform(1.6, 5), 0.85 * min(height, width))
    left, top = (random.uniform(0, length - size) for length in (width, height))
    margin = np.array(
        [left / width, top / height, 1 - (left + size) / width, 1 - (top + size) / height]
    )
    pen = size * float(random.uniform(0.04, 0.14))
    ink: np.ndarray = (
        draw_page(strokes, (height, width), max(pen, 1.5), margin).astype(np.float32) / 255
    )
    lines: np.ndarray = np.zeros_like(ink)
    thickness = int(random.integers(1, 3))
    for axis in (0, 1) if random.random() < 0.8 else (0,):
        for at in np.arange(random.uniform(0, spacing), lines.shape[axis], spacing):
            np.moveaxis(lines, axis, 0)[int(at) : int(at) + thickness] = 1
    matrix = _draw_perspective(width, height, random)
    ink = cv2.warpPerspective(ink, matrix, (width, height))
    lines = cv2.warpPerspective(lines, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    paper = random.uniform(150, 250) + random.uniform(-10, 10, 3)
    # What the print takes from each channel: grey, pale blue, pale red or green.
    print_colour = random.uniform(0.2, 1, 3) if random.random() < 0.6 else np.ones(3)
    page = paper - lines[..., None] * print_colour * random.uniform(8, 75)
    return _photograph(page, ink, paper * random.uniform(0.05, 0.5), random)


def make_poor_photo(strokes: _Strokes, random: _Random) -> np.ndarray:
    """Photograph a pencil's faint strokes, out of focus or with a shadow as dark as the ink."""
    height, width = (int(n) for n in random.integers(140, 320, 2))
    margin = random.uniform(0.05, 0.35, 4)
    pen = max(height, width) * float(random.uniform(0.008, 0.05))
    ink: np.ndarray = (
        draw_page(strokes, (height, width), max(pen, 1.5), margin).astype(np.float32) / 255
    )
    paper = random.uniform(120, 245) + random.uniform(-12, 12, 3)
    page = np.broadcast_to(paper, (height, width, 3)).astype(np.float32)
    strength = 1.0
    kind = int(random.integers(3))
    if kind == 0:
        # Pencil: faint, and with the paper's grain.
        strength = float(random.uniform(0.1, 0.35))
        grain = random.normal(0, 0.4, ink.shape).astype(np.float32)
        ink *= np.clip(1 + cv2.GaussianBlur(grain, (0, 0), 0.8), 0, 1.2)
    elif kind == 1:
        ink = cv2.GaussianBlur(ink, (0, 0), pen * float(random.uniform(0.3, 0.6)))
    else:
        strength = float(random.uniform(0.3, 0.6))
        page = page * np.float32(draw_shadow((height, width), random)[..., None])
    return _photograph(page, ink, paper * (1 - strength) * random.uniform(0.8, 1), random)


def make_stretched_scan(strokes: _Strokes, random: _Random) -> np.ndarray:
    """Scan strokes at 10 to 24 pixels, close up, each side stretched on its own: `(h, w)` uint8."""
    large = draw_page(strokes, (200, 200), float(random.uniform(9, 40)), np.full(4, 0.1))
    reduced = scan(large, random)
    height, width = (int(n) for n in random.integers(10, 25, 2))
    # The stretch that a reader still recognizes.
    width = int(np.clip(width, 0.6 * height, 1.4 * height))
    stretched = cv2.resize(reduced, (width, height), interpolation=cv2.INTER_AREA)
    return _set_polarity(stretched, random)


def _set_polarity(page: np.ndarray, random: _Random) -> np.ndarray:
    return page if random.random() < 0.5 else 255 - page


def _draw_perspective(width: int, height: int, random: _Random) -> np.ndarray:
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + random.uniform(-0.06, 0.06, (4, 2)) * [width, height]
    return cv2.getPerspectiveTransform(corners, moved.astype(np.float32))


def _photograph(
    page: np.ndarray, ink: np.ndarray, colour: np.ndarray, random: _Random
) -> np.ndarray:
    """Cover a page `(h, w, 3)` with ink `(h, w)`, 0 to 1; add light, blur and noise: uint8."""
    cover = np.clip(ink, 0, 1)[..., None]
    photo = page * (1 - cover) + colour * cover
    photo = photo * (1 + random.uniform(0, 0.15) * draw_field(ink.shape, 2, random))[..., None]
    photo = cv2.GaussianBlur(photo.astype(np.float32), (0, 0), float(random.uniform(0.3, 1.2)))
    photo += random.normal(0, random.uniform(0.5, 5), (*ink.shape, 1))
    return np.clip(photo, 0, 255).astype(np.uint8)
