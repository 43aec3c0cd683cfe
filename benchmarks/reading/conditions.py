"""Digits under conditions that are hard to read, and signs; generated, the same in every run.

Training uses other rules: `digitlab.synthesis` neither makes 1s from a flag and a stem, nor takes
MNIST's test digits, nor prints a font. The writers are held out from training.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.reading.items import CANVAS_PX, InkItem, InkSet, draw_on_canvas
from digitlab.synthesis.strokes import PenDigit

N_EACH = 300
_SEED = 40
# Not those that some write like a digit or a part of one, such as ! | / ( [ and S.
_SIGNS = "%+@&#$?*=<>{}^~"
_Random = np.random.Generator
_Pairs = Sequence[tuple[np.ndarray, str]]


def make_thick_ones(n: int = N_EACH) -> InkSet:
    """Make 1s with a flag, drawn with a pen of about a fifth of their height."""
    rng = np.random.default_rng(_SEED)
    items = tuple(InkItem.from_picture("1", _draw_thick_one(rng)) for _ in range(n))
    return InkSet("thick-pen 1s", "picture", items)


def make_signs(n: int = N_EACH) -> InkSet:
    """Make signs of a font, rotated, sheared and bent, in several weights."""
    rng = np.random.default_rng(_SEED + 1)
    signs = [_SIGNS[k % len(_SIGNS)] for k in range(n)]
    items = tuple(InkItem.from_picture(sign, _draw_sign(sign, rng)) for sign in signs)
    return InkSet("signs", "picture", items, are_digits=False)


def make_thick_pens(characters: Sequence[PenDigit], n: int = N_EACH) -> InkSet:
    """Draw strokes with a pen of about a sixth of their size."""
    rng = np.random.default_rng(_SEED + 2)
    items = []
    for character in _choose(characters, n, rng):
        size, pen = rng.uniform(120, 200), rng.uniform(0.13, 0.19)
        lines = [_fit(line, character.strokes, size) for line in character.strokes]
        items.append(InkItem.from_picture(character.label, draw_on_canvas(lines, size * pen)))
    return InkSet("thick pens", "picture", tuple(items))


def make_dashes(characters: Sequence[PenDigit], n: int = N_EACH) -> InkSet:
    """Draw strokes as dots or dashes, with gaps about as wide as the pen."""
    rng = np.random.default_rng(_SEED + 3)
    items = []
    for character in _choose(characters, n, rng):
        size = rng.uniform(120, 220)
        pen = size * rng.uniform(0.04, 0.09)
        dash, gap = pen * rng.uniform(0.5, 2), pen * rng.uniform(0.5, 1.0)
        # Mostly dots.
        dash *= rng.random() < 1 / 3
        lines = [_fit(line, character.strokes, size) for line in character.strokes]
        dashes = [part for line in lines for part in cut_line(line, dash, dash + gap + pen)]
        items.append(InkItem.from_picture(character.label, draw_on_canvas(dashes, pen)))
    return InkSet("dashes", "picture", tuple(items))


def make_edge_bars(digits: _Pairs, n: int = N_EACH) -> InkSet:
    """Put bars along one or two sides of pictures of 28 pixels and more.

    Args:
        digits: `(28, 28)` uint8, ink 255, with their labels.
    """
    rng = np.random.default_rng(_SEED + 4)
    items = []
    for image, label in (digits[k] for k in rng.permutation(len(digits))[:n]):
        side = int(rng.choice([28, 28, 42, 64, 112, 224]))
        picture = 255 - cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
        brightness = int(rng.integers(20, 150)) if rng.random() < 0.5 else 0
        first = int(rng.integers(4))
        # The next side makes a corner, the one after it lies opposite.
        for turn in {first, (first + int(rng.choice([0, 0, 1, 2]))) % 4}:
            width = max(1, round(side * rng.uniform(0.02, 0.09)))
            np.rot90(picture, turn)[:width] = brightness
        items.append(InkItem.from_picture(label, picture))
    return InkSet("edge bars", "picture", tuple(items))


def make_squared_paper(digits: _Pairs, n: int = N_EACH, *, seed: int = _SEED + 5) -> InkSet:
    """Make photos of squared paper with a digit two or three squares high.

    Args:
        digits: `(28, 28)` uint8, ink 255, with their labels.
        seed: another one makes other photos, to develop with.
    """
    rng = np.random.default_rng(seed)
    chosen = [digits[k] for k in rng.permutation(len(digits))[:n]]
    items = [InkItem.from_file(label, _photograph(image, rng)) for image, label in chosen]
    return InkSet("squared paper", "file", tuple(items))


def _draw_thick_one(rng: _Random) -> np.ndarray:
    """Black on white, from 28 pixels on: `(side, side)` uint8."""
    height = rng.uniform(110, 190)
    slant = np.array([rng.uniform(-0.1, 0.25), -1]) * height / 2
    centre = np.array([CANVAS_PX, CANVAS_PX]) / 2
    # Steep or short enough not to be the bar of a 7.
    angle = np.deg2rad(rng.uniform(15, 60))
    flag = height * rng.uniform(0.15, 0.35) * np.array([-np.cos(angle), np.sin(angle)])
    line = np.array([centre + slant + flag, centre + slant, centre - slant])
    large = draw_on_canvas([line], height * rng.uniform(0.17, 0.24))
    side = int(rng.choice([28, 28, 40, 64, CANVAS_PX]))
    return cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA)


def _draw_sign(sign: str, rng: _Random) -> np.ndarray:
    """Black on white: `(280, 280)` uint8."""
    canvas = Image.new("L", (CANVAS_PX, CANVAS_PX), 255)
    font = ImageFont.load_default(int(rng.integers(130, 230)))
    middle = (CANVAS_PX / 2, CANVAS_PX / 2)
    weight = int(rng.integers(0, 7))
    ImageDraw.Draw(canvas).text(middle, sign, 0, font, "mm", stroke_width=weight)
    angle, shear = np.deg2rad(rng.uniform(-10, 10)), rng.uniform(-0.2, 0.2)
    y, x = np.mgrid[:CANVAS_PX, :CANVAS_PX].astype(np.float32) - CANVAS_PX / 2
    waves = rng.normal(0, 4, 2) * np.sin(np.stack([y, x], -1) / 40 + rng.uniform(0, 6, 2))
    source_x = x * np.cos(angle) + y * (np.sin(angle) + shear) + waves[..., 0] + CANVAS_PX / 2
    source_y = y * np.cos(angle) - x * np.sin(angle) + waves[..., 1] + CANVAS_PX / 2
    return cv2.remap(
        np.asarray(canvas), source_x.astype(np.float32), source_y.astype(np.float32),
        cv2.INTER_LINEAR, borderValue=255,
    )  # fmt: skip


def _choose(characters: Sequence[PenDigit], n: int, rng: _Random) -> list[PenDigit]:
    return [characters[k] for k in rng.permutation(len(characters))[:n]]


def _fit(line: np.ndarray, strokes: Sequence[np.ndarray], size: float) -> np.ndarray:
    """Scale a stroke with all others to a size, in the middle of the canvas."""
    points = np.concatenate(list(strokes))
    low, high = points.min(axis=0), points.max(axis=0)
    scale = size / max(float((high - low).max()), 1e-6)
    fitted: np.ndarray = (line - (low + high) / 2) * scale + CANVAS_PX / 2
    return fitted


def cut_line(line: np.ndarray, dash: float, period: float) -> list[np.ndarray]:
    """Pieces of a line of one length, which begin at equal distances: `(n, 2)` each."""
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    pieces = []
    for start in np.arange(0.0, lengths[-1] + 1e-9, period):
        at = np.linspace(start, min(start + dash, lengths[-1]), 6)
        pieces.append(np.stack([np.interp(at, lengths, line[:, k]) for k in (0, 1)], axis=1))
    return pieces


def _photograph(image: np.ndarray, rng: _Random) -> bytes:
    """A digit on squared paper in perspective, as a PNG file."""
    height, width = (int(n) for n in rng.integers(240, 400, 2))
    square = rng.uniform(18, 40)
    # The digit is 20 of the image's 28 pixels high.
    side = round(rng.uniform(1.8, 3.2) * square * 28 / 20)
    side = min(side, height - 2, width - 2)
    ink = np.zeros((height, width), np.float32)
    top, left = (int(rng.integers(0, room + 1)) for room in (height - side, width - side))
    digit = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    ink[top : top + side, left : left + side] = digit / np.float32(255)
    lines = np.zeros((height, width), np.float32)
    for axis, length in enumerate((height, width)):
        for at in np.arange(rng.uniform(0, square), length, square):
            np.moveaxis(lines, axis, 0)[int(at) : int(at) + int(rng.integers(1, 3))] = 1
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + rng.normal(0, 0.03, (4, 2)).astype(np.float32) * [width, height]
    matrix = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    size = (width, height)
    warped_ink = cv2.warpPerspective(ink, matrix, size)
    warped_lines = cv2.warpPerspective(lines, matrix, size, borderMode=cv2.BORDER_REFLECT)
    paper = rng.uniform(170, 245) + rng.uniform(-8, 8, 3)
    # Pale blue or grey; in RGB.
    tint = np.array([1.0, 0.6, 0.25]) if rng.random() < 0.6 else np.ones(3)
    photo = paper - warped_lines[..., None] * tint * rng.uniform(15, 70)
    pen = paper * rng.uniform(0.1, 0.5) + rng.uniform(-15, 15, 3)
    cover = np.clip(warped_ink, 0, 1)[..., None]
    photo = photo * (1 - cover) + pen * cover
    photo *= np.linspace(1, rng.uniform(0.7, 1), width)[None, :, None]
    blurred = cv2.GaussianBlur(photo, (0, 0), float(rng.uniform(0.4, 1.1)))
    noisy = blurred + rng.normal(0, rng.uniform(0.5, 4), blurred.shape)
    # cv2 expects BGR.
    return bytes(cv2.imencode(".png", np.clip(noisy, 0, 255).astype(np.uint8)[..., ::-1])[1])
