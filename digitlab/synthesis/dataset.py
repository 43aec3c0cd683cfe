"""Build the "handwriting" data set: MNIST, rendered pen strokes, and non-digits.

All images are prepared by the same code as the app's input: strokes by `prepare_drawing`, pictures
by `prepare_picture`.
"""

from itertools import chain
from pathlib import Path

import numpy as np

from digitlab.errors import DatasetUnavailableError
from digitlab.jobs import ProgressCallback
from digitlab.paths import get_data_dir
from digitlab.synthesis.generation import (
    generate_mnist_digits,
    generate_negatives,
    generate_pen_digits,
)
from digitlab.synthesis.mixture import TRAINING_MIXTURE, VALIDATION_MIXTURE, MixtureSpec
from digitlab.synthesis.strokes import PenDigit, is_held_out, load_pen_strokes

PEN_DIGITS_FILE, PEN_LETTERS_FILE = "ink_digits.jsonl.gz", "ink_letters.jsonl.gz"
PEN_SOURCE = "UNIPEN train_r01_v07, https://zenodo.org/records/1195803"
_SEED = 2026

LabelledImages = tuple[np.ndarray, np.ndarray]


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
        generate_pen_digits(digits, mixture, random),
        generate_mnist_digits(images, labels, mixture, random),
        generate_negatives(digits, letters, mixture, random),
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
