"""Accuracy on numbers of several digits: `python -m benchmarks.multi_digit [DATA]`.

Numbers of two to six digits are composed of recorded pen strokes, each number of one writer, with
gaps from slight overlap to wide. They are read as drawings, and as pictures with several pen
widths. The segmentation costs were tuned on every second writer, and the network was trained on
single digits of most writers: the relevant rows are those of writers used for neither.
"""

import statistics
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.ink_data import get_data_folder
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
# The range of gaps between two digits, as a fraction of a digit's height.
GAPS = (-0.08, 0.5)
SIZES = (0.85, 1.15)
MAX_SHIFT = 0.06
PEN_WIDTHS_PX = (6, 18)


@dataclass(frozen=True)
class Number:
    """The digits of a number, and the strokes of each digit."""

    digits: tuple[int, ...]
    strokes: tuple[tuple[Stroke, ...], ...]


def main(path: Path) -> None:
    """Print a row for each group of writers and each kind of input."""
    groups = _load_groups(path)
    reader = get_model("digitlab_cnn").open_reader()
    print(
        f"\n{N_NUMBERS} numbers of 2 to 6 digits of real pen strokes; gaps {GAPS[0]} to {GAPS[1]}"
    )
    print(f"{'writers':24} {'input':9} {'digits found':>13} {'correct':>13} {'time':>9}")
    for name, digits in groups.items():
        numbers = list(compose_numbers(digits, N_NUMBERS, seed=1))
        _print_row(name, "drawing", numbers, reader)
        _print_row(name, "picture", numbers, reader)
        alone = statistics.fmean(_is_read_alone(number, reader) for number in numbers)
        print(f"{name:24} {'each digit alone':23} {alone:13.3f}")


def compose_numbers(digits: list[PenDigit], n: int, *, seed: int) -> Iterator[Number]:
    """Compose numbers, each of the digits of one writer."""
    random = np.random.default_rng(seed)
    by_writer: dict[str, list[PenDigit]] = {}
    for digit in digits:
        by_writer.setdefault(digit.writer, []).append(digit)
    writers = [by_writer[writer] for writer in sorted(by_writer)]
    for _ in range(n):
        candidates = writers[random.integers(len(writers))]
        indices = random.integers(len(candidates), size=random.integers(2, 7))
        yield _compose([candidates[k] for k in indices], random)


def draw_number(number: Number) -> np.ndarray:
    """Draw a number as a picture: `(h, w)` uint8, dark ink on white paper."""
    strokes = [stroke for digit in number.strokes for stroke in digit]
    points = np.concatenate([stroke.points for stroke in strokes])
    margin = 30
    low = points.min(axis=0) - margin
    width, height = (points.max(axis=0) - low + margin).astype(int)
    paper = np.full((height, width), 255, np.uint8)
    for stroke in strokes:
        line = np.round((stroke.points - low) * 16).astype(np.int32)
        cv2.polylines(paper, [line], False, 25, round(stroke.width_px), cv2.LINE_AA, 4)
    return paper


def read_number(number: Number, input_kind: str, reader: DigitReader) -> list[BoxedDigit]:
    """Read a number as a drawing or as a picture."""
    try:
        if input_kind == "picture":
            return read_many_picture(draw_number(number), reader)
        strokes = [stroke for digit in number.strokes for stroke in digit]
        return read_many_drawing(strokes, reader)
    except EmptyInkError:
        return []


def is_unseen(writer: str, writers: Collection[str]) -> bool:
    """Whether a writer was used neither to tune the costs nor to train the network.

    Args:
        writers: all writers of the data.
    """
    return writer not in sorted(writers)[::2] and is_held_out(writer)


def _load_groups(path: Path) -> dict[str, list[PenDigit]]:
    """Digits by the use of their writers."""
    digits = load_pen_strokes(path)
    writers = {digit.writer for digit in digits}
    tuning = set(sorted(writers)[::2])
    unseen = {writer for writer in writers if is_unseen(writer, writers)}
    return {
        "used to tune costs": [d for d in digits if d.writer in tuning],
        "the other half": [d for d in digits if d.writer not in tuning],
        f"unused ({len(unseen)})": [d for d in digits if d.writer in unseen],
    }


def _compose(digits: list[PenDigit], random: np.random.Generator) -> Number:
    pen_px = float(random.uniform(*PEN_WIDTHS_PX))
    composed = []
    x = 0.0
    for digit in digits:
        points = np.concatenate(digit.strokes)
        low, high = points.min(axis=0), points.max(axis=0)
        scale = DIGIT_PX * random.uniform(*SIZES) / max(float((high - low).max()), 1.0)
        shift = np.array(
            [x, random.uniform(-MAX_SHIFT, MAX_SHIFT) * DIGIT_PX - (high - low)[1] * scale]
        )
        lines = [np.repeat(line, 2, axis=0) if len(line) == 1 else line for line in digit.strokes]
        composed.append(tuple(Stroke((line - low) * scale + shift, pen_px) for line in lines))
        x += (high - low)[0] * scale + pen_px + random.uniform(*GAPS) * DIGIT_PX
    return Number(tuple(int(digit.label) for digit in digits), tuple(composed))


def _print_row(name: str, input_kind: str, numbers: list[Number], reader: DigitReader) -> None:
    n_correct, n_found, times_ms = 0, 0, []
    for number in numbers:
        begin = time.perf_counter()
        read = read_number(number, input_kind, reader)
        times_ms.append((time.perf_counter() - begin) * 1000)
        n_correct += [digit.answer.digit for digit in read] == list(number.digits)
        n_found += len(read) == len(number.digits)
    n, median = len(numbers), statistics.median(times_ms)
    print(f"{name:24} {input_kind:9} {n_found / n:13.3f} {n_correct / n:13.3f} {median:6.1f} ms")


def _is_read_alone(number: Number, reader: DigitReader) -> bool:
    """Whether every digit is read correctly with perfect segmentation."""
    images = np.stack([prepare_drawing(strokes).image for strokes in number.strokes])
    return [answer.digit for answer in reader.read_many(images)] == list(number.digits)


if __name__ == "__main__":
    main(get_data_folder() / PEN_DIGITS_FILE)
