"""The sets of digits, and of things that are none, in a folder of development data."""

import csv
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from benchmarks.reading.items import InkItem, InkSet
from benchmarks.reading.negatives import make_blank_pictures, make_scribbles
from digitlab.errors import DatasetCorruptError, DatasetUnavailableError
from digitlab.ink.mnist_frame import FRAME_PX
from digitlab.synthesis.strokes import is_held_out, load_pen_strokes

N_PHOTOGRAPHS = 500
_READ_ERRORS = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)


def load_ink_sets(folder: Path) -> tuple[list[InkSet], list[str]]:
    """All known sets that a folder holds, and the made-up ones.

    Returns:
        The sets, and for each that is not there a sentence that says so.
    Raises:
        DatasetUnavailableError: the folder holds none of them.
        DatasetCorruptError: one of them is damaged.
    """
    sets: list[InkSet] = []
    missing = []
    for place, load in _PLACES.items():
        if (folder / place).is_file():
            sets.extend(load(folder / place))
        else:
            missing.append(place)
    if not sets:
        raise DatasetUnavailableError(
            f"There is nothing to measure on: {folder} holds none of {', '.join(_PLACES)}. "
            "Name the folder that does with --data or in DIGITLAB_DATA."
        )
    notes = [f"{place} is not in {folder}: it is left out." for place in missing]
    return [*sets, make_blank_pictures(), make_scribbles()], notes


def _load_pen_digits(path: Path) -> list[InkSet]:
    return [_load_strokes("pen strokes", path, are_digits=True)]


def _load_pen_letters(path: Path) -> list[InkSet]:
    return [_load_strokes("letters", path, are_digits=False)]


def _load_strokes(name: str, path: Path, *, are_digits: bool) -> InkSet:
    drawn = load_pen_strokes(path)
    for thing in drawn:
        if (thing.label in set("0123456789")) != are_digits:
            wanted = "a digit" if are_digits else "something else than a digit"
            raise DatasetCorruptError(
                f"{path} is not what its name says: it holds {thing.label!r}, not {wanted}. "
                "Delete it or replace it."
            )
    items = tuple(
        InkItem.from_lines(thing.label, thing.strokes, is_held_out=is_held_out(thing.writer))
        for thing in drawn
    )
    return InkSet(name, "drawing", items, are_digits=are_digits)


def _load_pictures(name: str) -> Callable[[Path], list[InkSet]]:
    """A loader for an `.npz` of grey pictures `x` and digits `y`."""

    def load(path: Path) -> list[InkSet]:
        pairs = _load_arrays(path, "x", "y")
        return [InkSet(name, "picture", tuple(InkItem.from_picture(y, x) for x, y in pairs))]

    return load


def _load_mnist(path: Path) -> list[InkSet]:
    pairs = _load_arrays(path, "x_test", "y_test")
    if pairs[0][0].shape != (FRAME_PX, FRAME_PX):
        raise _describe_damage(path, f"x_test holds pictures of {pairs[0][0].shape}")
    framed = tuple(InkItem.from_frame(y, x) for x, y in pairs)
    pictures = tuple(InkItem.from_picture(y, x) for x, y in pairs)
    return [
        InkSet("MNIST test", "frame", framed, is_familiar=True),
        InkSet("MNIST test as pictures", "picture", pictures, is_familiar=True),
    ]


def _load_photos(path: Path) -> list[InkSet]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(path.parent / row["file"], row["label"]) for row in csv.DictReader(file)]
    except (*_READ_ERRORS, TypeError, csv.Error) as error:
        raise _describe_damage(path, f"it is no table of file and label: {error}") from error
    for photo, label in rows:
        if label not in set("0123456789") or not photo.is_file():
            raise _describe_damage(path, f"{photo.name} is not there, or {label!r} is no digit")
    if not rows:
        raise _describe_damage(path, "it names no photos")
    return [InkSet("photos", "file", tuple(InkItem.from_file(y, photo) for photo, y in rows))]


def _load_photographs(path: Path) -> list[InkSet]:
    """Photographs of things, as PNG files: colour enters where a person's picture does."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            pictures = archive["x"][:N_PHOTOGRAPHS]
    except _READ_ERRORS as error:
        raise _describe_damage(path, str(error)) from error
    if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.dtype != np.uint8:
        raise _describe_damage(path, f"x is {pictures.dtype} {pictures.shape}")
    # cv2 writes what it takes for BGR.
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
        raise _describe_damage(path, f"{y_name} holds labels that are no digits")
    # Black and white is also stored as 0 and 1.
    pictures = x * np.uint8(255) if x.max() == 1 else x
    return [(picture, str(int(label))) for picture, label in zip(pictures, y, strict=True)]


def _describe_damage(path: Path, reason: str) -> DatasetCorruptError:
    return DatasetCorruptError(f"{path} is damaged ({reason}). Delete it or replace it.")


_PLACES: dict[str, Callable[[Path], list[InkSet]]] = {
    "ink_digits.jsonl.gz": _load_pen_digits,
    "canvas_rotarymars.npz": _load_pictures("canvas rotarymars"),
    "canvas_pepert03.npz": _load_pictures("canvas pepert03"),
    "hwd1000.npz": _load_pictures("hwd1000"),
    "semeion.npz": _load_pictures("semeion"),
    "photos/labels.csv": _load_photos,
    "mnist.npz": _load_mnist,
    "ink_letters.jsonl.gz": _load_pen_letters,
    "cifar10_first4000.npz": _load_photographs,
}
