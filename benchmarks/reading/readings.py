"""Read a set twice: with digitlab's preprocessing, and with that of common tutorials."""

import time
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from benchmarks.reading.items import InkItem, InkSet
from digitlab.errors import InkError
from digitlab.inference.reader import Answer, DigitReader
from digitlab.ink.mnist_frame import FRAME_PX

N_TIMED = 100


@dataclass(frozen=True)
class Reading:
    """The result for one item.

    Attributes:
        image: the network's input, `(28, 28)` uint8; None if there is no ink.
        answer: the network's answer; None without an image.
        tutorial_digit: the answer after the tutorials' preprocessing; None if the file cannot be
            decoded.
    """

    item: InkItem
    image: np.ndarray | None
    answer: Answer | None
    tutorial_digit: int | None

    @property
    def digit(self) -> int | None:
        """The digit that was read; None if the item was rejected."""
        return self.answer.digit if self.answer is not None and self.answer.is_digit else None

    @property
    def is_correct(self) -> bool:
        """Whether a digit was read correctly, or a non-digit rejected."""
        return self.digit == self.item.digit


def read_set(
    ink_set: InkSet, reader: DigitReader, tutorial_reader: DigitReader, pool: Executor
) -> list[Reading]:
    """Read every item of a set, in order.

    Args:
        reader: classifies the images that digitlab prepares.
        tutorial_reader: classifies the pictures resized to 28x28.
        pool: prepares the items.
    """
    images = list(pool.map(partial(_prepare, reader=reader), ink_set.items))
    resized = list(pool.map(_resize, ink_set.items))
    answers = _read(reader, images)
    tutorial_answers = _read(tutorial_reader, resized)
    return [
        Reading(item, image, answer, None if tutorial is None else tutorial.digit)
        for item, image, answer, tutorial in zip(
            ink_set.items, images, answers, tutorial_answers, strict=True
        )
    ]


def measure_times_ms(ink_set: InkSet, reader: DigitReader) -> list[float]:
    """Measure the time from the input to the answer, one item at a time.

    Returns:
        Milliseconds, for at most 100 items distributed over the set.
    """
    step = max(1, len(ink_set.items) // N_TIMED)
    times_ms = []
    for item in ink_set.items[::step][:N_TIMED]:
        start_s = time.perf_counter()
        image = _prepare(item, reader)
        if image is not None:
            reader.read(image)
        times_ms.append((time.perf_counter() - start_s) * 1000)
    return times_ms


def _prepare(item: InkItem, reader: DigitReader) -> np.ndarray | None:
    try:
        return item.prepare(reader.rate)
    except InkError:
        return None


def _resize(item: InkItem) -> np.ndarray | None:
    """The preprocessing of tutorials: grey, then `resize((28, 28))`, not cropped or inverted."""
    try:
        return np.asarray(Image.fromarray(item.view()).resize((FRAME_PX, FRAME_PX)))
    except InkError:
        return None


def _read(reader: DigitReader, images: list[np.ndarray | None]) -> list[Answer | None]:
    present = [image for image in images if image is not None]
    answers = iter(reader.read_many(np.stack(present)) if present else ())
    return [None if image is None else next(answers) for image in images]
