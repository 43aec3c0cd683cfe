"""Build the "handwriting" data set: MNIST, rendered pen strokes, and non-digits.

All images are prepared by the same code as the app's input: strokes by `prepare_drawing`, pictures
by `prepare_picture`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import cv2
import numpy as np

from digitlab.errors import DatasetUnavailableError, EmptyInkError
from digitlab.ink import prepare_drawing, prepare_picture
from digitlab.ink.fabricjs import Stroke
from digitlab.jobs import ProgressCallback
from digitlab.paths import get_data_dir
from digitlab.synthesis.negatives import draw_dot, draw_negative_shape, draw_scribble
from digitlab.synthesis.rendering import (
    make_blank_page,
    make_object_photo,
    make_photo,
    make_scan,
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
_SEED = 2026
# A narrower blot could be read as a 1.
_MIN_BLOT_WIDTH_PX = 11
# The least correlation of a photo's prepared digit with the strokes it was rendered from.
_MIN_CORRELATION = 0.7

LabelledImages = tuple[np.ndarray, np.ndarray]
# Prepared images with their labels, generated one by one.
_Generated = Iterator[tuple[np.ndarray, int]]
_Random = np.random.Generator


@dataclass(frozen=True)
class MixtureSpec:
    """How many images of each kind are generated.

    Attributes:
        drawn, letters: copies of each pen digit or letter.
        on_screen, scanned, photographed: fraction of the pen digits.
        other attributes: number of images.
    """

    drawn: int
    on_screen: float
    scanned: float
    photographed: float
    mnist_scanned: int
    mnist_on_screen: int
    letters: int
    negative_shapes: int
    scribbles: int
    dots: int
    textures: int
    blank_pages: int
    object_photos: int
    pairs: int

    def estimate_n_generated(self, n_digits: int, n_letters: int) -> int:
        """About how many images are generated: pictures without ink are left out.

        Args:
            n_digits, n_letters: the number of pen digits and letters.
        """
        per_digit = self.drawn + self.on_screen + self.scanned + self.photographed
        others = (
            self.mnist_scanned, self.mnist_on_screen, self.negative_shapes, self.scribbles,
            self.dots, self.textures, self.blank_pages, self.object_photos, self.pairs,
        )  # fmt: skip
        return round(n_digits * per_digit) + n_letters * self.letters + sum(others)


TRAINING_MIXTURE = MixtureSpec(
    drawn=3, on_screen=1.0, scanned=1.0, photographed=0.5, mnist_scanned=8_000,
    mnist_on_screen=5_000, letters=2, negative_shapes=5_000, scribbles=3_000, dots=300,
    textures=1_500, blank_pages=1_200, object_photos=3_000, pairs=1_500,
)  # fmt: skip
VALIDATION_MIXTURE = MixtureSpec(
    drawn=1, on_screen=0.4, scanned=0.4, photographed=0.4, mnist_scanned=500,
    mnist_on_screen=500, letters=1, negative_shapes=500, scribbles=200, dots=20, textures=100,
    blank_pages=100, object_photos=200, pairs=100,
)  # fmt: skip


def build_training(
    images: np.ndarray,
    labels: np.ndarray,
    mixture: MixtureSpec = TRAINING_MIXTURE,
    *,
    progress: ProgressCallback | None = None,
) -> LabelledImages:
    """Build the training set: MNIST's digits, and pen strokes without the held-out writers.

    Args:
        images, labels: MNIST's training digits, `(n, 28, 28)` and `(n,)` uint8.
        mixture: how many images of each kind are generated.
        progress: called with the number of images generated so far, and about how many in all.
    Returns:
        Those and all generated images, shuffled; label 10 is "no digit".
    Raises:
        DatasetUnavailableError: the pen strokes are missing.
    """
    return _build(images, labels, mixture, held_out=False, progress=progress)


def build_validation(
    images: np.ndarray,
    labels: np.ndarray,
    mixture: MixtureSpec = VALIDATION_MIXTURE,
    *,
    progress: ProgressCallback | None = None,
) -> LabelledImages:
    """Build the validation set: the same kinds of images, of the held-out writers.

    Args:
        images, labels: MNIST's validation digits, `(n, 28, 28)` and `(n,)` uint8.
        mixture: how many images of each kind are generated.
        progress: as for `build_training`.
    """
    return _build(images, labels, mixture, held_out=True, progress=progress)


def _build(
    images: np.ndarray,
    labels: np.ndarray,
    mixture: MixtureSpec,
    *,
    held_out: bool,
    progress: ProgressCallback | None,
) -> LabelledImages:
    random = np.random.default_rng(_SEED + held_out)
    digits, letters = (
        [pen for pen in pens if is_held_out(pen.writer) == held_out] for pens in load_pens()
    )
    total = mixture.estimate_n_generated(len(digits), len(letters))
    generated = []
    for image_and_label in chain(
        _generate_pen_digits(digits, mixture, random),
        _generate_mnist_digits(images, labels, mixture, random),
        _generate_negatives(digits, letters, mixture, random),
    ):
        generated.append(image_and_label)
        if progress is not None:
            progress(len(generated), total)
    all_images = np.concatenate([images, np.stack([image for image, _ in generated])])
    all_labels = np.concatenate([labels, np.array([label for _, label in generated], np.uint8)])
    order = random.permutation(len(all_images))
    return all_images[order], all_labels[order]


def list_missing_pen_files() -> list[str]:
    """The names of the pen strokes' files that are not in the folder `DIGITLAB_DATA`."""
    return [path.name for path in _list_pen_paths() if not path.is_file()]


def _list_pen_paths() -> list[Path]:
    folder = get_data_dir() or Path()
    return [folder / name for name in (PEN_DIGITS_FILE, PEN_LETTERS_FILE)]


def load_pens() -> tuple[list[PenDigit], list[PenDigit]]:
    """Load the pen strokes in the folder `DIGITLAB_DATA`: digits, and letters.

    Raises:
        DatasetUnavailableError: a file is missing.
        DatasetCorruptError: a file is damaged.
    """
    paths = _list_pen_paths()
    if missing := list_missing_pen_files():
        raise DatasetUnavailableError(
            f"The pen strokes are unavailable: {' and '.join(missing)} is missing. They come "
            f"from {PEN_SOURCE}; put the files into a folder and set DIGITLAB_DATA to it."
        )
    return load_pen_strokes(paths[0]), load_pen_strokes(paths[1])


def _generate_pen_digits(
    pens: Sequence[PenDigit], mixture: MixtureSpec, random: _Random
) -> _Generated:
    """Pen digits as drawings, screenshots, scans and photos."""
    for _ in range(mixture.drawn):
        for pen in pens:
            yield _prepare_strokes(_vary(pen, random)), int(pen.label)
    kinds: list[tuple[float, Callable[[Strokes, _Random], np.ndarray]]] = [
        (mixture.on_screen, make_screen_picture),
        (mixture.scanned, make_scan),
        (mixture.photographed, make_photo),
    ]
    for fraction, make in kinds:
        for pen in pens:
            if random.random() > fraction:
                continue
            strokes = _vary(pen, random)
            for image, label in _prepare(make(strokes, random), int(pen.label)):
                # Where the digit is not found in a poor photo, the label would be wrong.
                if make is not make_photo or _is_similar(image, _prepare_strokes(strokes)):
                    yield image, label


def _generate_mnist_digits(
    images: np.ndarray, labels: np.ndarray, mixture: MixtureSpec, random: _Random
) -> _Generated:
    """MNIST's digits as 16x16 scans, and as 28x28 pictures in either polarity."""
    for k in random.integers(len(images), size=mixture.mnist_scanned):
        yield from _prepare(scan(images[k], random), int(labels[k]))
    for k in random.integers(len(images), size=mixture.mnist_on_screen):
        picture = images[k] if random.random() < 0.5 else 255 - images[k]
        yield from _prepare(picture, int(labels[k]))


def _generate_negatives(
    digits: Sequence[PenDigit], letters: Sequence[PenDigit], mixture: MixtureSpec, random: _Random
) -> _Generated:
    """Letters, symbols, scribbles, pairs of digits, dots, and pictures without ink."""
    drawings: list[Strokes] = [
        *(_vary(pen, random) for _ in range(mixture.letters) for pen in letters),
        *(
            augment_strokes(draw_negative_shape(random), random)
            for _ in range(mixture.negative_shapes)
        ),
        *(draw_scribble(random) for _ in range(mixture.scribbles)),
        *(_vary_pair(digits, random) for _ in range(mixture.pairs)),
    ]
    for strokes in drawings:
        if random.random() < 0.65:
            yield _prepare_strokes(strokes), NO_DIGIT
        else:
            yield from _prepare(make_screen_picture(strokes, random), NO_DIGIT)
    for _ in range(mixture.dots):
        yield _prepare_strokes(draw_dot(random), pen_px=20), NO_DIGIT
    yield from _generate_pictures_without_ink(mixture, random)


def _generate_pictures_without_ink(mixture: MixtureSpec, random: _Random) -> _Generated:
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


def _vary(pen: PenDigit, random: _Random) -> Strokes:
    strokes: Strokes = list(pen.strokes)
    if pen.label.isdigit():
        strokes = add_writing_styles(strokes, int(pen.label), random)
    return augment_strokes(strokes, random)


def _vary_pair(digits: Sequence[PenDigit], random: _Random) -> Strokes:
    """Two digits side by side, which are not one digit."""
    left, right = (_vary(digits[int(k)], random) for k in random.integers(len(digits), size=2))
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


def _prepare(picture: np.ndarray, label: int) -> _Generated:
    """The network's input for a picture; nothing if no ink is found."""
    try:
        yield prepare_picture(picture).image, label
    except EmptyInkError:
        return
