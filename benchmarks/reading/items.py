"""The items of the benchmark: drawings and pictures, each with both kinds of preprocessing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitlab.ink import decode_picture, prepare_drawing, prepare_picture
from digitlab.ink.fabricjs import Stroke
from digitlab.ink.pipeline import Rate

CANVAS_PX = 280
BRUSH_PX = 16
# cv2 takes coordinates as integers with this many fractional bits.
_SHIFT_BITS = 4


@dataclass(frozen=True)
class InkItem:
    """One drawing or picture; images are computed on demand.

    Attributes:
        label: a digit, a letter, or the name of another thing.
        prepare: takes a network's rating or None, and returns digitlab's input for the network,
            `(28, 28)` uint8, ink 255; raises InkError if there is no ink.
        view: returns the picture itself, `(h, w)` uint8 grey, 0 black; raises PictureError if it
            cannot be decoded.
        is_held_out: whether its writer is known and held out from training.
    """

    label: str
    prepare: Callable[[Rate | None], np.ndarray]
    view: Callable[[], np.ndarray]
    is_held_out: bool = False

    @property
    def digit(self) -> int | None:
        """The digit; None for anything else."""
        return int(self.label) if self.label.isdecimal() else None

    @classmethod
    def from_lines(
        cls, label: str, lines: Sequence[np.ndarray], *, is_held_out: bool = False
    ) -> "InkItem":
        """Create an item from pen strokes on a canvas.

        Args:
            lines: for each stroke `(n, 2)` float, canvas pixels, n >= 1.
        """
        # A tap is a single point; a line from it to itself is drawn as a dot.
        drawable = [np.repeat(line, 2, axis=0) if len(line) == 1 else line for line in lines]

        def prepare(_rate: Rate | None) -> np.ndarray:
            return prepare_drawing([Stroke(line, BRUSH_PX) for line in drawable]).image

        return cls(label, prepare, lambda: draw_on_canvas(drawable), is_held_out)

    @classmethod
    def from_picture(cls, label: str, grey: np.ndarray) -> "InkItem":
        """Create an item from a picture in memory, `(h, w)` uint8, either polarity."""
        return cls(label, lambda rate: prepare_picture(grey, rate).image, lambda: grey)

    @classmethod
    def from_file(cls, label: str, source: Path | bytes) -> "InkItem":
        """Create an item from a picture file or its bytes."""
        return cls(
            label,
            lambda rate: prepare_picture(decode_picture(source), rate).image,
            lambda: _to_grey(decode_picture(source)),
        )

    @classmethod
    def from_frame(cls, label: str, image: np.ndarray) -> "InkItem":
        """Create an item from a digit in MNIST's frame, `(28, 28)` uint8, ink 255."""
        return cls(label, lambda _rate: image, lambda: image)


@dataclass(frozen=True)
class InkSet:
    """Items of one source.

    Attributes:
        name: title of its row.
        input_kind: "drawing", "picture" (in memory), "file" or "frame" (28x28, not prepared).
        are_digits: whether the items are digits; others should be rejected.
        is_training_source: whether the models were trained on digits of this source.
    """

    name: str
    input_kind: str
    items: tuple[InkItem, ...]
    are_digits: bool = True
    is_training_source: bool = False


def draw_on_canvas(lines: Sequence[np.ndarray], brush_px: float = BRUSH_PX) -> np.ndarray:
    """Draw strokes as on a web canvas: black on white, with a round brush.

    Args:
        lines: for each stroke `(n, 2)` float, canvas pixels.
        brush_px: its width.
    Returns:
        `(280, 280)` uint8, ink 0, paper 255.
    """
    canvas = np.full((CANVAS_PX, CANVAS_PX), 255, np.uint8)
    points = [np.round(line * 2**_SHIFT_BITS).astype(np.int32) for line in lines]
    thickness = max(1, round(brush_px))
    cv2.polylines(canvas, points, False, 0, thickness, cv2.LINE_AA, _SHIFT_BITS)
    return canvas


def _to_grey(picture: np.ndarray) -> np.ndarray:
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
