"""Ablation of the preprocessing: `python -m benchmarks.ink_ablation [DATA]`.

One step at a time is omitted. The table shows by how many percentage points each set's accuracy
changes with the shipped network. Rejected digits count as errors.
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

from benchmarks.ink_data import get_data_folder, select_held_out
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
    sets = [
        replace(s, items=select_held_out(s)) for s in load_ink_sets(folder)[0] if s.name in SETS
    ]
    complete = [_compute_accuracy(s.items, reader) for s in sets]
    print(f"{'':44}" + "".join(f"{s.name.split()[-1]:>12}" for s in sets))
    print(f"{'all steps: accuracy':44}" + "".join(f"{accuracy:12.4f}" for accuracy in complete))
    for name, (module, attribute, replacement) in STEPS.items():
        with _replaced(module, attribute, replacement):
            accuracies = [_compute_accuracy(s.items, reader) for s in sets]
        cells = (f"{100 * (a - b):+12.2f}" for a, b in zip(accuracies, complete, strict=True))
        print(f"{'without ' + name:44}" + "".join(cells), flush=True)
    strokes = next(s for s in sets if s.name == "pen strokes")
    as_pictures = [InkItem.from_picture(item.label, item.view()) for item in strokes.items]
    change = 100 * (_compute_accuracy(tuple(as_pictures), reader) - complete[sets.index(strokes)])
    print(f"{'without vectors (strokes as a picture)':44}{change:+12.2f}")


def _compute_accuracy(items: tuple[InkItem, ...], reader: DigitReader) -> float:
    def prepare(item: InkItem) -> np.ndarray:
        try:
            return item.prepare(None)
        except EmptyInkError:
            return np.zeros((28, 28), np.uint8)

    with ThreadPoolExecutor(2) as pool:
        answers = reader.read_many(np.stack(list(pool.map(prepare, items))))
    pairs = zip(answers, items, strict=True)
    return float(np.mean([a.is_digit and a.digit == item.digit for a, item in pairs]))


@contextmanager
def _replaced(module: Any, attribute: str, replacement: Any) -> Iterator[None]:
    original = getattr(module, attribute)
    setattr(module, attribute, replacement)
    try:
        yield
    finally:
        setattr(module, attribute, original)


def _grey_only(picture: np.ndarray) -> binarize.InkMap:
    grey = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return _binarize(grey)


def _assume_even_light(picture: np.ndarray) -> binarize.InkMap:
    """Assume uniform light in every picture."""
    pixels = picture.reshape(picture.shape[0] * picture.shape[1], -1)
    return binarize._separate_on_flat_paper(picture, np.median(pixels, axis=0).squeeze())


def _compute_box_centre(ink: np.ndarray) -> tuple[float, float]:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return (columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2


_binarize: Callable[[np.ndarray], binarize.InkMap] = binarize.binarize_picture
_pipeline = sys.modules[prepare_picture.__module__]
STEPS: dict[str, tuple[Any, str, Any]] = {
    "background estimation": (_pipeline, "binarize_picture", _assume_even_light),
    "detecting flat paper": (binarize, "_find_flat_paper", lambda _: None),
    "colour": (_pipeline, "binarize_picture", _grey_only),
    "iterating background and ink": (binarize, "_N_ITERATIONS", 0),
    "choosing the paper's brightness": (
        binarize,
        "_choose_paper_brightness",
        lambda _, *shades: max(shades),
    ),
    **{
        f"cleaning: {title.lower()}": (
            cleaning,
            "CLEANING_STEPS",
            tuple(step for step in cleaning.CLEANING_STEPS if step[0] != title),
        )
        for title, _ in cleaning.CLEANING_STEPS
    },
    "selecting digit components": (
        _pipeline,
        "select_digit_components",
        lambda page: page.strength,
    ),
    "pen width, of thin pens": (mnist_frame, "MIN_PEN_PX", 0.0),
    "pen width, of thick pens": (mnist_frame, "MAX_PEN_PX", 99.0),
    "centre of mass (pictures)": (mnist_frame, "compute_centre_of_mass", _compute_box_centre),
    "centre of mass (drawings)": (drawing, "compute_centre_of_mass", _compute_box_centre),
    "dropping stray dots (drawings)": (drawing, "_drop_stray_dots", lambda lines: lines),
}


if __name__ == "__main__":
    main(get_data_folder())
