"""What the shipped model learns from: MNIST, pen strokes, and things that are no digit.

Every picture here went through the same code as a person's in the app: strokes through
`prepare_drawing`, pictures through `prepare_picture`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitlab.errors import DatasetUnavailableError, EmptyInkError
from digitlab.ink import prepare_drawing, prepare_picture
from digitlab.ink.fabricjs import Stroke
from digitlab.paths import get_data_dir
from digitlab.synthesis.negatives import draw_dot, draw_negative_shape, draw_scribble
from digitlab.synthesis.rendering import (
    make_blank_page,
    make_photo,
    make_scan,
    make_scene,
    make_screen_picture,
    make_texture,
    scan,
)
from digitlab.synthesis.strokes import (
    PenDigit,
    Strokes,
    add_writing_styles,
    augment_strokes,
    is_held_out,
    load_pen_strokes,
)

NO_DIGIT = 10
PEN_DIGITS_FILE, PEN_LETTERS_FILE = "ink_digits.jsonl.gz", "ink_letters.jsonl.gz"
PEN_SOURCE = "UNIPEN train_r01_v07, https://zenodo.org/records/1195803"
PEN_LICENCE = "CC BY 4.0"
_SEED = 2026
_SLENDER_PX = 11
# Correlation of a photo's digit with the strokes it was made from.
_ALIKE = 0.7

LabelledImages = tuple[np.ndarray, np.ndarray]
# One prepared digit and its label, as they are made one after the other.
_Made = Iterator[tuple[np.ndarray, int]]
_Random = np.random.Generator


@dataclass(frozen=True)
class MixtureSpec:
    """How much is made of each kind: a share or number of copies of each pen digit, or a count."""

    drawn: int
    on_screen: float
    scanned: float
    photographed: float
    mnist_scanned: int
    mnist_on_screen: int
    letters: int
    signs: int
    scribbles: int
    dots: int
    textures: int
    empty_pages: int
    scenes: int
    pairs: int


TRAINING_MIXTURE = MixtureSpec(
    drawn=3, on_screen=1.0, scanned=1.0, photographed=0.5, mnist_scanned=8_000,
    mnist_on_screen=5_000, letters=2, signs=5_000, scribbles=3_000, dots=300, textures=1_500,
    empty_pages=1_200, scenes=3_000, pairs=1_500,
)  # fmt: skip
VALIDATION_MIXTURE = MixtureSpec(
    drawn=1, on_screen=0.4, scanned=0.4, photographed=0.4, mnist_scanned=500,
    mnist_on_screen=500, letters=1, signs=500, scribbles=200, dots=20, textures=100,
    empty_pages=100, scenes=200, pairs=100,
)  # fmt: skip


def build_training(
    images: np.ndarray, labels: np.ndarray, recipe: MixtureSpec = TRAINING_MIXTURE
) -> LabelledImages:
    """MNIST's digits, and the pen strokes of the writers that may be learned from.

    Args:
        images, labels: MNIST's digits to train on, `(n, 28, 28)` and `(n,)` uint8.
    Returns:
        Those and all that was made, mixed; label 10 is "no digit".
    Raises:
        DatasetUnavailableError: the pen strokes are not there.
    """
    return _build(images, labels, recipe, held_out=False)


def build_validation(
    images: np.ndarray, labels: np.ndarray, recipe: MixtureSpec = VALIDATION_MIXTURE
) -> LabelledImages:
    """The same kinds of pictures, from MNIST digits and writers that are never learned from.

    Args:
        images, labels: MNIST's digits kept back, `(n, 28, 28)` and `(n,)` uint8.
    """
    return _build(images, labels, recipe, held_out=True)


def _build(
    images: np.ndarray, labels: np.ndarray, recipe: MixtureSpec, *, held_out: bool
) -> LabelledImages:
    random = np.random.default_rng(_SEED + held_out)
    digits, letters = (
        [pen for pen in pens if is_held_out(pen.writer) == held_out] for pens in load_pens()
    )
    made = [
        *_show_pens(digits, recipe, random),
        *_show_mnist(images, labels, recipe, random),
        *_show_nonsense(digits, letters, recipe, random),
    ]
    all_images = np.concatenate([images, np.stack([image for image, _ in made])])
    all_labels = np.concatenate([labels, np.array([label for _, label in made], np.uint8)])
    order = random.permutation(len(all_images))
    return all_images[order], all_labels[order]


def load_pens() -> tuple[list[PenDigit], list[PenDigit]]:
    """The pen strokes in the folder named by `DIGITLAB_DATA`: digits, and letters.

    Raises:
        DatasetUnavailableError: a file is not there.
        DatasetCorruptError: a file is damaged.
    """
    folder = get_data_dir() or Path()
    paths = [folder / name for name in (PEN_DIGITS_FILE, PEN_LETTERS_FILE)]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise DatasetUnavailableError(
            f"The pen strokes are not to be had: {' and '.join(missing)} is missing. They come "
            f"from {PEN_SOURCE}; put the files into a folder and name it in DIGITLAB_DATA."
        )
    return load_pen_strokes(paths[0]), load_pen_strokes(paths[1])


def _show_pens(pens: Sequence[PenDigit], recipe: MixtureSpec, random: _Random) -> _Made:
    """Pen digits as drawings, pictures of a screen, scans and photos."""
    for _ in range(recipe.drawn):
        for pen in pens:
            yield _draw(_write(pen, random)), int(pen.label)
    kinds: list[tuple[float, Callable[[Strokes, _Random], np.ndarray]]] = [
        (recipe.on_screen, make_screen_picture),
        (recipe.scanned, make_scan),
        (recipe.photographed, make_photo),
    ]
    for share, make in kinds:
        for pen in pens:
            if random.random() > share:
                continue
            strokes = _write(pen, random)
            for image, label in _read(make(strokes, random), int(pen.label)):
                # A photo too poor to find the digit in would teach a wrong label.
                if make is not make_photo or _is_alike(image, _draw(strokes)):
                    yield image, label


def _show_mnist(
    images: np.ndarray, labels: np.ndarray, recipe: MixtureSpec, random: _Random
) -> _Made:
    """MNIST's digits as scans of 16x16, and as pictures of 28x28 in either polarity."""
    for k in random.integers(len(images), size=recipe.mnist_scanned):
        yield from _read(scan(images[k], random), int(labels[k]))
    for k in random.integers(len(images), size=recipe.mnist_on_screen):
        picture = images[k] if random.random() < 0.5 else 255 - images[k]
        yield from _read(picture, int(labels[k]))


def _show_nonsense(
    digits: Sequence[PenDigit], letters: Sequence[PenDigit], recipe: MixtureSpec, random: _Random
) -> _Made:
    """Letters, signs, scribbles, two digits at once and empty textures."""
    drawings: list[Strokes] = [
        *(_write(pen, random) for _ in range(recipe.letters) for pen in letters),
        *(augment_strokes(draw_negative_shape(random), random) for _ in range(recipe.signs)),
        *(draw_scribble(random) for _ in range(recipe.scribbles)),
        *(_write_pair(digits, random) for _ in range(recipe.pairs)),
    ]
    for strokes in drawings:
        if random.random() < 0.65:
            yield _draw(strokes), NO_DIGIT
        else:
            yield from _read(make_screen_picture(strokes, random), NO_DIGIT)
    for _ in range(recipe.dots):
        yield _draw(draw_dot(random), pen_px=20), NO_DIGIT
    yield from _show_scenes(recipe, random)


def _show_scenes(recipe: MixtureSpec, random: _Random) -> _Made:
    """Pictures on which nothing is written."""
    kinds: list[tuple[int, Callable[[_Random], np.ndarray]]] = [
        (recipe.textures, make_texture),
        (recipe.empty_pages, make_blank_page),
        (recipe.scenes, make_scene),
    ]
    for count, make in kinds:
        for _ in range(count):
            for image, label in _read(make(random), NO_DIGIT):
                # A slender blot could be a 1.
                if np.count_nonzero(image.any(axis=0)) > _SLENDER_PX:
                    yield image, label


def _write(pen: PenDigit, random: _Random) -> Strokes:
    strokes: Strokes = list(pen.strokes)
    if pen.label.isdigit():
        strokes = add_writing_styles(strokes, int(pen.label), random)
    return augment_strokes(strokes, random)


def _write_pair(digits: Sequence[PenDigit], random: _Random) -> Strokes:
    """Two digits side by side: a number, and no digit."""
    left, right = (_write(digits[int(k)], random) for k in random.integers(len(digits), size=2))
    end = max(float(line[:, 0].max()) for line in left)
    begin = min(float(line[:, 0].min()) for line in right)
    move = np.array([end - begin + random.uniform(5, 60), random.normal(0, 15)])
    return [*left, *(line + move for line in right)]


def _draw(strokes: Strokes, pen_px: float = 1.0) -> np.ndarray:
    return prepare_drawing([Stroke(line, pen_px) for line in strokes]).image


def _is_alike(one: np.ndarray, other: np.ndarray) -> bool:
    soft_one, soft_other = (cv2.GaussianBlur(image, (0, 0), 1.5).ravel() for image in (one, other))
    return bool(np.corrcoef(soft_one, soft_other)[0, 1] > _ALIKE)


def _read(picture: np.ndarray, label: int) -> _Made:
    """The picture as the network sees it; nothing where no ink can be told from the paper."""
    try:
        yield prepare_picture(picture).image, label
    except EmptyInkError:
        return
