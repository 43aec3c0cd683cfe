"""Generate images of each kind of the "handwriting" data set, prepared for the network."""

import math
from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.ink import prepare_drawing, prepare_picture
from digitlab.ink.fabricjs import Stroke
from digitlab.synthesis.combinations import draw_combination
from digitlab.synthesis.conditions import (
    add_edges,
    make_broken_picture,
    make_poor_photo,
    make_squared_photo,
    make_stretched_scan,
    make_thick_picture,
)
from digitlab.synthesis.mixture import MixtureSpec
from digitlab.synthesis.negatives import draw_dot, draw_negative_shape, draw_scribble
from digitlab.synthesis.rendering import (
    draw_page,
    make_blank_page,
    make_object_photo,
    make_photo,
    make_scan,
    make_screen_picture,
    make_texture,
    scan,
)
from digitlab.synthesis.signs import draw_sign
from digitlab.synthesis.strokes import PenDigit, Strokes, add_writing_styles, augment_strokes

NO_DIGIT = 10
# A narrower blot could be read as a 1.
_MIN_BLOT_WIDTH_PX = 11
# The least correlation of a picture's prepared digit with the strokes it was rendered from.
_MIN_CORRELATION = 0.7

# Renderings in which the digit is always found.
_FAITHFUL = (make_screen_picture, make_scan)

# Prepared images with their labels, generated one by one.
Generated = Iterator[tuple[np.ndarray, int]]
_Random = np.random.Generator


def generate_pen_digits(
    pens: Sequence[PenDigit], mixture: MixtureSpec, random: _Random
) -> Generated:
    """Pen digits as drawings, screenshots, scans and photos, many of them hard to read."""
    for _ in range(mixture.drawn):
        for pen in pens:
            yield _prepare_strokes(vary(pen, random)), int(pen.label)
    kinds: list[tuple[float, Callable[[Strokes, _Random], np.ndarray]]] = [
        (mixture.on_screen, make_screen_picture),
        (mixture.scanned, make_scan),
        (mixture.photographed, make_photo),
        (mixture.thick, make_thick_picture),
        (mixture.broken, make_broken_picture),
        (mixture.edged, _make_edged_picture),
        (mixture.squared, make_squared_photo),
        (mixture.poor, make_poor_photo),
        (mixture.stretched, make_stretched_scan),
    ]
    for fraction, make in kinds:
        order = random.permutation(len(pens))
        for k in range(math.ceil(fraction * len(pens))):
            pen = pens[order[k % len(pens)]]
            strokes = vary(pen, random)
            for image, label in _prepare(make(strokes, random), int(pen.label)):
                # Where the digit is not found in a poor picture, the label would be wrong.
                if make in _FAITHFUL or _is_similar(image, _prepare_strokes(strokes)):
                    yield image, label


def _make_edged_picture(strokes: Strokes, random: _Random) -> np.ndarray:
    side = int(random.choice([28, 42, 64, 120, 200]))
    pen = side * float(random.uniform(0.03, 0.13))
    page = draw_page(strokes, (side, side), max(pen, 1.2), random.uniform(0.12, 0.3, 4))
    return add_edges(255 - page, random)


def generate_mnist_digits(
    images: np.ndarray, labels: np.ndarray, mixture: MixtureSpec, random: _Random
) -> Generated:
    """MNIST's digits as 16x16 scans, and as 28x28 pictures in either polarity."""
    for k in random.integers(len(images), size=mixture.mnist_scanned):
        yield from _prepare(scan(images[k], random), int(labels[k]))
    for k in random.integers(len(images), size=mixture.mnist_on_screen):
        picture = images[k] if random.random() < 0.5 else 255 - images[k]
        yield from _prepare(picture, int(labels[k]))


def generate_negatives(
    digits: Sequence[PenDigit], letters: Sequence[PenDigit], mixture: MixtureSpec, random: _Random
) -> Generated:
    """Letters, symbols, scribbles, pairs of digits, dots, and pictures without ink."""
    drawings: list[Strokes] = [
        *(vary(pen, random) for _ in range(mixture.letters) for pen in letters),
        *(
            augment_strokes(draw_negative_shape(random), random)
            for _ in range(mixture.negative_shapes)
        ),
        *(augment_strokes(draw_sign(random), random) for _ in range(mixture.signs)),
        *(draw_combination(random) for _ in range(mixture.combinations)),
        *(draw_scribble(random) for _ in range(mixture.scribbles)),
        *(_vary_pair(digits, random) for _ in range(mixture.pairs)),
    ]
    for strokes in drawings:
        chance = random.random()
        if chance < 0.55:
            yield _prepare_strokes(strokes), NO_DIGIT
        elif chance < 0.8:
            yield from _prepare(make_screen_picture(strokes, random), NO_DIGIT)
        else:
            yield from _prepare(make_thick_picture(strokes, random), NO_DIGIT)
    for _ in range(mixture.dots):
        yield _prepare_strokes(draw_dot(random), pen_px=20), NO_DIGIT
    yield from _generate_pictures_without_ink(mixture, random)


def _generate_pictures_without_ink(mixture: MixtureSpec, random: _Random) -> Generated:
    """Textures, blank pages and photos of objects, as far as ink is found in them."""
    kinds: list[tuple[int, Callable[[_Random], np.ndarray]]] = [
        (mixture.textures, make_texture),
        (mixture.blank_pages, make_blank_page),
        (mixture.object_photos, make_object_photo),
    ]
    for count, make in kinds:
        for _ in range(count):
            for image, label in _prepare(make(random), NO_DIGIT):
                if np.count_nonzero(image.any(axis=0)) > _MIN_BLOT_WIDTH_PX:
                    yield image, label


def vary(pen: PenDigit, random: _Random) -> Strokes:
    """A character's strokes changed at random; a digit's often in another writing style."""
    strokes: Strokes = list(pen.strokes)
    if pen.label.isdigit():
        strokes = add_writing_styles(strokes, int(pen.label), random)
    return augment_strokes(strokes, random)


def _vary_pair(digits: Sequence[PenDigit], random: _Random) -> Strokes:
    """Two digits side by side, which are not one digit."""
    left, right = (vary(digits[int(k)], random) for k in random.integers(len(digits), size=2))
    end = max(float(line[:, 0].max()) for line in left)
    start = min(float(line[:, 0].min()) for line in right)
    shift = np.array([end - start + random.uniform(5, 60), random.normal(0, 15)])
    return [*left, *(line + shift for line in right)]


def _prepare_strokes(strokes: Strokes, pen_px: float = 1.0) -> np.ndarray:
    return prepare_drawing([Stroke(line, pen_px) for line in strokes]).image


def _is_similar(one: np.ndarray, other: np.ndarray) -> bool:
    blurred_one, blurred_other = (
        cv2.GaussianBlur(image, (0, 0), 1.5).ravel() for image in (one, other)
    )
    return bool(np.corrcoef(blurred_one, blurred_other)[0, 1] > _MIN_CORRELATION)


def _prepare(picture: np.ndarray, label: int) -> Generated:
    """The network's input for a picture; nothing if no ink is found."""
    try:
        yield prepare_picture(picture).image, label
    except EmptyInkError:
        return
