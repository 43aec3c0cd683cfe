"""Load the sets of digits and non-digits from a folder."""

import csv
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.reading.conditions import (
    make_dashes,
    make_edge_bars,
    make_signs,
    make_squared_paper,
    make_thick_ones,
    make_thick_pens,
)
from benchmarks.reading.items import InkItem, InkSet
from benchmarks.reading.negatives import make_blank_pictures, make_scribbles
from digitlab.errors import DatasetCorruptError, DatasetUnavailableError
from digitlab.ink.mnist_frame import FRAME_PX
from digitlab.synthesis.strokes import PenDigit, is_held_out, load_pen_strokes

N_OBJECT_PHOTOS = 500
_READ_ERRORS = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)


def load_ink_sets(folder: Path) -> tuple[list[InkSet], list[str]]:
    """Load all known sets in a folder, and generate the others.

    Returns:
        The sets, and a sentence for each missing one.
    Raises:
        DatasetUnavailableError: the folder has none of them.
        DatasetCorruptError: one of them is damaged.
    """
    sets: list[InkSet] = []
    missing = []
    for name, load in _LOADERS.items():
        if (folder / name).is_file():
            sets.extend(load(folder / name))
        else:
            missing.append(name)
    if not sets:
        raise DatasetUnavailableError(
            f"No benchmark data: {folder} has none of {', '.join(_LOADERS)}. "
            "Set the folder with --data or DIGITLAB_DATA."
        )
    notes = [f"{name} is not in {folder} and is skipped." for name in missing]
    generated = [make_thick_ones(), make_signs(), make_blank_pictures(), make_scribbles()]
    return [*sets, *generated], notes


def _load_pen_digits(path: Path) -> list[InkSet]:
    characters = _load_strokes(path, are_digits=True)
    held_out = [character for character in characters if is_held_out(character.writer)]
    return [
        _build_set("pen strokes", characters, are_digits=True),
        make_thick_pens(held_out),
        make_dashes(held_out),
    ]


def _load_pen_letters(path: Path) -> list[InkSet]:
    return [_build_set("letters", _load_strokes(path, are_digits=False), are_digits=False)]


def _load_strokes(path: Path, *, are_digits: bool) -> list[PenDigit]:
    characters = load_pen_strokes(path)
    for character in characters:
        if (character.label in set("0123456789")) != are_digits:
            expected = "digits only" if are_digits else "no digits"
            raise DatasetCorruptError(
                f"{path} should have {expected} but has {character.label!r}. Delete or replace it."
            )
    return characters


def _build_set(name: str, characters: list[PenDigit], *, are_digits: bool) -> InkSet:
    items = tuple(
        InkItem.from_lines(c.label, c.strokes, is_held_out=is_held_out(c.writer))
        for c in characters
    )
    return InkSet(name, "drawing", items, are_digits=are_digits)


def _load_pictures(name: str) -> Callable[[Path], list[InkSet]]:
    """Build a loader for an `.npz` of grey pictures `x` and digits `y`."""

    def load(path: Path) -> list[InkSet]:
        pairs = _load_arrays(path, "x", "y")
        return [InkSet(name, "picture", tuple(InkItem.from_picture(y, x) for x, y in pairs))]

    return load


def _load_mnist(path: Path) -> list[InkSet]:
    pairs = _load_arrays(path, "x_test", "y_test")
    if pairs[0][0].shape != (FRAME_PX, FRAME_PX):
        raise _describe_damage(path, f"x_test has shape {pairs[0][0].shape}")
    framed = tuple(InkItem.from_frame(y, x) for x, y in pairs)
    pictures = tuple(InkItem.from_picture(y, x) for x, y in pairs)
    return [
        InkSet("MNIST test", "frame", framed, is_training_source=True),
        InkSet("MNIST test as pictures", "picture", pictures, is_training_source=True),
        make_edge_bars(pairs),
        make_squared_paper(pairs),
    ]


def _load_photos(path: Path) -> list[InkSet]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(path.parent / row["file"], row["label"]) for row in csv.DictReader(file)]
    except (*_READ_ERRORS, TypeError, csv.Error) as error:
        raise _describe_damage(path, f"it is not a table of file and label: {error}") from error
    for photo, label in rows:
        if label not in set("0123456789") or not photo.is_file():
            raise _describe_damage(path, f"{photo.name} is missing, or {label!r} is not a digit")
    if not rows:
        raise _describe_damage(path, "it lists no photos")
    return [InkSet("photos", "file", tuple(InkItem.from_file(y, photo) for photo, y in rows))]


def _load_object_photos(path: Path) -> list[InkSet]:
    """Photos of objects, as PNG files in memory so that they are decoded like uploads."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            pictures = archive["x"][:N_OBJECT_PHOTOS]
    except _READ_ERRORS as error:
        raise _describe_damage(path, str(error)) from error
    if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.dtype != np.uint8:
        raise _describe_damage(path, f"x is {pictures.dtype} {pictures.shape}")
    # cv2 expects BGR.
    files = [cv2.imencode(".png", picture[..., ::-1])[1].tobytes() for picture in pictures]
    items = tuple(InkItem.from_file("photo", file) for file in files)
    return [InkSet("CIFAR-10 photos", "file", items, are_digits=False)]


def _load_arrays(path: Path, x_name: str, y_name: str) -> list[tuple[np.ndarray, str]]:
    """Pictures `(h, w)` uint8 with their digits."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            x, y = archive[x_name], archive[y_name]
    except _READ_ERRORS as error:
        raise _describe_damage(path, str(error)) from error
    if x.ndim != 3 or x.dtype != np.uint8 or y.shape != x.shape[:1] or not len(y):
        raise _describe_damage(path, f"{x_name} is {x.dtype} {x.shape}, {y_name} {y.shape}")
    if not np.isin(y, range(10)).all():
        raise _describe_damage(path, f"{y_name} has labels other than 0 to 9")
    # Some sets store black and white as 0 and 1.
    pictures = x * np.uint8(255) if x.max() == 1 else x
    return [(picture, str(int(label))) for picture, label in zip(pictures, y, strict=True)]


def _describe_damage(path: Path, reason: str) -> DatasetCorruptError:
    return DatasetCorruptError(f"{path} is damaged ({reason}). Delete or replace it.")


_LOADERS: dict[str, Callable[[Path], list[InkSet]]] = {
    "ink_digits.jsonl.gz": _load_pen_digits,
    "canvas_rotarymars.npz": _load_pictures("canvas rotarymars"),
    "canvas_pepert03.npz": _load_pictures("canvas pepert03"),
    "hwd1000.npz": _load_pictures("hwd1000"),
    "semeion.npz": _load_pictures("semeion"),
    "photos/labels.csv": _load_photos,
    "mnist.npz": _load_mnist,
    "ink_letters.jsonl.gz": _load_pen_letters,
    "cifar10_first4000.npz": _load_object_photos,
}
