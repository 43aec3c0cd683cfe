"""Read a set twice: digitlab's way, and the way tutorials do it."""

import time
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from benchmarks.reading.items import InkItem, InkSet
from digitlab.errors import InkError
from digitlab.inference.reader import Answer, DigitReader
from digitlab.ink.mnist_frame import FRAME_PX

N_TIMED = 100


@dataclass(frozen=True)
class Reading:
    """What came of one item.

    Attributes:
        image: `(28, 28)` uint8, what the network saw; None where nothing could be prepared.
        answer: what it said.
        tutorial_digit: what the tutorials' way answers; None where the file cannot be opened.
    """

    item: InkItem
    image: np.ndarray | None
    answer: Answer | None
    tutorial_digit: int | None

    @property
    def digit(self) -> int | None:
        """The digit that was read; None if it was refused."""
        return self.answer.digit if self.answer is not None and self.answer.is_digit else None

    @property
    def is_right(self) -> bool:
        """A digit is right if it is read as what it is, anything else if it is refused."""
        return self.digit == self.item.digit


def read_set(
    ink_set: InkSet, reader: DigitReader, tutorial_reader: DigitReader, pool: Executor
) -> list[Reading]:
    """Read every item of a set, in order.

    Args:
        reader: reads what digitlab prepares.
        tutorial_reader: reads what a plain resize leaves.
        pool: prepares the items.
    """
    images = list(pool.map(_prepare, ink_set.items))
    resized = list(pool.map(_resize, ink_set.items))
    answers = _read(reader, images)
    tutorial_answers = _read(tutorial_reader, resized)
    return [
        Reading(item, image, answer, None if plain is None else plain.digit)
        for item, image, answer, plain in zip(
            ink_set.items, images, answers, tutorial_answers, strict=True
        )
    ]


def measure_times_ms(ink_set: InkSet, reader: DigitReader) -> list[float]:
    """How long some items take one by one, from what a person made to the answer.

    Returns:
        Milliseconds, for at most 100 items spread over the set.
    """
    step = max(1, len(ink_set.items) // N_TIMED)
    times_ms = []
    for item in ink_set.items[::step][:N_TIMED]:
        start_s = time.perf_counter()
        image = _prepare(item)
        if image is not None:
            reader.read(image)
        times_ms.append((time.perf_counter() - start_s) * 1000)
    return times_ms


def _prepare(item: InkItem) -> np.ndarray | None:
    try:
        return item.prepare()
    except InkError:
        return None


def _resize(item: InkItem) -> np.ndarray | None:
    """The tutorials' way: grey, then `resize((28, 28))`; neither cropped nor inverted."""
    try:
        return np.asarray(Image.fromarray(item.view()).resize((FRAME_PX, FRAME_PX)))
    except InkError:
        return None


def _read(reader: DigitReader, images: list[np.ndarray | None]) -> list[Answer | None]:
    there = [image for image in images if image is not None]
    answers = iter(reader.read_many(np.stack(there)) if there else ())
    return [None if image is None else next(answers) for image in images]
