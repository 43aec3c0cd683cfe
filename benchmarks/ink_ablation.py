"""What each step of the pipeline is worth: `python -m benchmarks.ink_ablation [DATA]`.

One step at a time is left out; the table says by how many percentage points each set's accuracy
changes. Refusals count as errors. The network is the shipped one and stays the same.
"""

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.ink_data import get_chosen_folder, keep_unseen
from benchmarks.reading.items import InkItem
from benchmarks.reading.loading import load_ink_sets
from digitlab.errors import EmptyInkError
from digitlab.inference.reader import DigitReader
from digitlab.ink import (
    binarize,
    cleaning,
    drawing,
    mnist_frame,
    prepare_picture,
)
from digitlab.model_store.store import get_model

SETS = ("pen strokes", "canvas rotarymars", "canvas pepert03", "hwd1000", "semeion", "photos")


def main(folder: Path) -> None:
    """Print the table."""
    reader = get_model("digitlab_cnn").open_reader()
    sets = [replace(s, items=keep_unseen(s)) for s in load_ink_sets(folder)[0] if s.name in SETS]
    whole = [_measure(s.items, reader) for s in sets]
    print(f"{'':44}" + "".join(f"{s.name.split()[-1]:>12}" for s in sets))
    print(f"{'all steps: accuracy':44}" + "".join(f"{share:12.4f}" for share in whole))
    for name, (module, attribute, other) in STEPS.items():
        with _swapped(module, attribute, other):
            shares = [_measure(s.items, reader) for s in sets]
        cells = (f"{100 * (a - b):+12.2f}" for a, b in zip(shares, whole, strict=True))
        print(f"{'without ' + name:44}" + "".join(cells), flush=True)
    strokes = next(s for s in sets if s.name == "pen strokes")
    as_pictures = [InkItem.from_picture(item.label, item.view()) for item in strokes.items]
    change = 100 * (_measure(tuple(as_pictures), reader) - whole[sets.index(strokes)])
    print(f"{'without vectors (strokes as a picture)':44}{change:+12.2f}")


def _measure(items: tuple[InkItem, ...], reader: DigitReader) -> float:
    def prepare(item: InkItem) -> np.ndarray:
        try:
            return item.prepare()
        except EmptyInkError:
            return np.zeros((28, 28), np.uint8)

    with ThreadPoolExecutor(2) as pool:
        answers = reader.read_many(np.stack(list(pool.map(prepare, items))))
    pairs = zip(answers, items, strict=True)
    return float(np.mean([a.is_digit and a.digit == item.digit for a, item in pairs]))


@contextmanager
def _swapped(module: Any, attribute: str, other: Any) -> Iterator[None]:
    usual = getattr(module, attribute)
    setattr(module, attribute, other)
    try:
        yield
    finally:
        setattr(module, attribute, usual)


def _grey_only(picture: np.ndarray) -> binarize.InkMap:
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return _separate_ink(grey)


def _even_light(picture: np.ndarray) -> binarize.InkMap:
    """Every picture as if its light were even."""
    pixels = picture.reshape(picture.shape[0] * picture.shape[1], -1)
    return binarize._separate_on_flat_paper(picture, np.median(pixels, axis=0).squeeze())


def _centre_box(ink: np.ndarray) -> tuple[float, float]:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return (columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2


_separate_ink: Callable[[np.ndarray], binarize.InkMap] = binarize.binarize_picture
_picture = sys.modules[prepare_picture.__module__]
STEPS: dict[str, tuple[Any, str, Any]] = {
    "correcting the light": (_picture, "binarize_picture", _even_light),
    "telling flat paper from photos": (binarize, "_find_flat_paper", lambda _: None),
    "colour": (_picture, "binarize_picture", _grey_only),
    "finding paper and ink in turns": (binarize, "_N_ITERATIONS", 0),
    "the choice of the paper's brightness": (
        binarize,
        "_choose_paper_brightness",
        lambda _, *shades: max(shades),
    ),
    "taking ruled lines off": (
        cleaning,
        "find_ruled_lines",
        lambda mask: np.zeros(mask.shape, bool),
    ),
    "choosing the digit's parts": (_picture, "select_digit_components", lambda page: page.strength),
    "a usual pen, for thin pens": (mnist_frame, "MIN_PEN_PX", 0.0),
    "a usual pen, for thick pens": (mnist_frame, "MAX_PEN_PX", 99.0),
    "the centre of mass (pictures)": (mnist_frame, "compute_centre_of_mass", _centre_box),
    "the centre of mass (drawings)": (drawing, "compute_centre_of_mass", _centre_box),
    "dropping stray dots (drawings)": (drawing, "_drop_stray_dots", lambda lines: lines),
}


if __name__ == "__main__":
    main(get_chosen_folder())
