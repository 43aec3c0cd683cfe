"""How well several digits are read: `python -m benchmarks.many_digits [DATA]`.

Numbers of two to six digits are composed of real writers' pen strokes, each number of one
writer's, with gaps from a little overlap to wide. They are read as drawings and, drawn with
pens of several widths, as pictures. The costs in `digitlab/parting.py` were chosen on every second
writer, and the network has learned from most writers' single digits: the figures that count are
those of the writers who served for neither.
"""

import statistics
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.ink_data import get_chosen_folder
from digitlab.errors import EmptyInkError
from digitlab.inference.multi_digit import BoxedDigit, read_many_drawing, read_many_picture
from digitlab.inference.reader import DigitReader
from digitlab.ink.drawing import prepare_drawing
from digitlab.ink.fabricjs import Stroke
from digitlab.model_store.store import get_model
from digitlab.synthesis.dataset import PEN_DIGITS_FILE
from digitlab.synthesis.strokes import PenDigit, is_held_out, load_pen_strokes

N_NUMBERS = 300
DIGIT_PX = 150.0
# Gaps between two digits' ink, as a share of a digit's height.
GAPS = (-0.08, 0.5)
SIZES = (0.85, 1.15)
SHIFT = 0.06
PEN_WIDTHS_PX = (6, 18)


@dataclass(frozen=True)
class Number:
    """What was written, and the strokes of each digit."""

    digits: tuple[int, ...]
    strokes: tuple[tuple[Stroke, ...], ...]


def main(path: Path) -> None:
    """Print a row for each half of the writers and each way to show a number."""
    groups = _load_groups(path)
    reader = get_model("digitlab_cnn").open_reader()
    print(
        f"\n{N_NUMBERS} numbers of 2 to 6 digits of real pen strokes; gaps {GAPS[0]} to {GAPS[1]}"
    )
    print(f"{'writers':24} {'shown as':9} {'digits found':>13} {'wholly right':>13} {'time':>9}")
    for name, digits in groups.items():
        numbers = list(compose_numbers(digits, N_NUMBERS, seed=1))
        _print_row(name, "drawing", numbers, reader)
        _print_row(name, "picture", numbers, reader)
        alone = statistics.fmean(_read_alone(number, reader) for number in numbers)
        print(f"{name:24} {'each digit by itself':23} {alone:13.3f}")


def compose_numbers(digits: list[PenDigit], n: int, *, seed: int) -> Iterator[Number]:
    """Write numbers with the digits of one writer each."""
    random = np.random.default_rng(seed)
    by_writer: dict[str, list[PenDigit]] = {}
    for digit in digits:
        by_writer.setdefault(digit.writer, []).append(digit)
    writers = [by_writer[writer] for writer in sorted(by_writer)]
    for _ in range(n):
        own = writers[random.integers(len(writers))]
        chosen = [own[k] for k in random.integers(len(own), size=random.integers(2, 7))]
        yield _write(chosen, random)


def render_multi_digit_answer(number: Number) -> np.ndarray:
    """The number as a picture: `(h, w)` uint8, dark ink on white paper."""
    strokes = [stroke for digit in number.strokes for stroke in digit]
    everything = np.concatenate([stroke.points for stroke in strokes])
    margin = 30
    low = everything.min(axis=0) - margin
    width, height = (everything.max(axis=0) - low + margin).astype(int)
    paper = np.full((height, width), 255, np.uint8)
    for stroke in strokes:
        line = np.round((stroke.points - low) * 16).astype(np.int32)
        cv2.polylines(paper, [line], False, 25, round(stroke.width_px), cv2.LINE_AA, 4)
    return paper


def read_number(number: Number, shown_as: str, reader: DigitReader) -> list[BoxedDigit]:
    """Read it as a drawing or as a picture."""
    try:
        if shown_as == "picture":
            return read_many_picture(render_multi_digit_answer(number), reader)
        strokes = [stroke for digit in number.strokes for stroke in digit]
        return read_many_drawing(strokes, reader)
    except EmptyInkError:
        return []


def is_unseen(writer: str, writers: Collection[str]) -> bool:
    """Whether neither the costs were chosen on a writer nor a network has learned from him.

    Args:
        writers: all writers of the data.
    """
    return writer not in sorted(writers)[::2] and is_held_out(writer)


def _load_groups(path: Path) -> dict[str, list[PenDigit]]:
    """Digits by what their writers served for."""
    digits = load_pen_strokes(path)
    writers = {digit.writer for digit in digits}
    chosen = set(sorted(writers)[::2])
    unseen = {writer for writer in writers if is_unseen(writer, writers)}
    return {
        "costs chosen on": [d for d in digits if d.writer in chosen],
        "the other half": [d for d in digits if d.writer not in chosen],
        f"served for nothing ({len(unseen)})": [d for d in digits if d.writer in unseen],
    }


def _write(digits: list[PenDigit], random: np.random.Generator) -> Number:
    pen_px = float(random.uniform(*PEN_WIDTHS_PX))
    written = []
    x = 0.0
    for digit in digits:
        everything = np.concatenate(digit.strokes)
        low, high = everything.min(axis=0), everything.max(axis=0)
        scale = DIGIT_PX * random.uniform(*SIZES) / max(float((high - low).max()), 1.0)
        move = np.array([x, random.uniform(-SHIFT, SHIFT) * DIGIT_PX - (high - low)[1] * scale])
        lines = [np.repeat(line, 2, axis=0) if len(line) == 1 else line for line in digit.strokes]
        written.append(tuple(Stroke((line - low) * scale + move, pen_px) for line in lines))
        x += (high - low)[0] * scale + pen_px + random.uniform(*GAPS) * DIGIT_PX
    return Number(tuple(int(digit.label) for digit in digits), tuple(written))


def _print_row(name: str, shown_as: str, numbers: list[Number], reader: DigitReader) -> None:
    right, found, times_ms = 0, 0, []
    for number in numbers:
        begin = time.perf_counter()
        read = read_number(number, shown_as, reader)
        times_ms.append((time.perf_counter() - begin) * 1000)
        right += [one.answer.digit for one in read] == list(number.digits)
        found += len(read) == len(number.digits)
    n, median = len(numbers), statistics.median(times_ms)
    print(f"{name:24} {shown_as:9} {found / n:13.3f} {right / n:13.3f} {median:6.1f} ms")


def _read_alone(number: Number, reader: DigitReader) -> bool:
    """Whether the number were right, had somebody parted its digits."""
    images = np.stack([prepare_drawing(strokes).image for strokes in number.strokes])
    return [answer.digit for answer in reader.read_many(images)] == list(number.digits)


if __name__ == "__main__":
    main(get_chosen_folder() / PEN_DIGITS_FILE)
