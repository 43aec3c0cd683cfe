"""What a benchmark reads: an item knows how digitlab prepares it and how a tutorial sees it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from digitlab.ink import decode_picture, prepare_drawing, prepare_picture
from digitlab.ink.fabricjs import Stroke

CANVAS_PX = 280
BRUSH_PX = 16
# cv2 takes coordinates as integers with this many fractional bits.
_SHIFT_BITS = 4


@dataclass(frozen=True)
class InkItem:
    """One drawing or picture; nothing is computed before it is asked for.

    Attributes:
        label: what it is: a digit, a letter, or a word for something else.
        prepare: digitlab's way to `(28, 28)` uint8, ink 255; raises InkError where there is none.
        view: the picture as a person and a tutorial see it, `(h, w)` uint8 grey, 0 black; raises
            PictureError where it cannot be read.
        is_held_out: whether its writer is known and never learned from.
    """

    label: str
    prepare: Callable[[], np.ndarray]
    view: Callable[[], np.ndarray]
    is_held_out: bool = False

    @property
    def digit(self) -> int | None:
        """Which digit it is, if it is one."""
        return int(self.label) if self.label.isdecimal() else None

    @classmethod
    def from_lines(
        cls, label: str, lines: Sequence[np.ndarray], *, is_held_out: bool = False
    ) -> "InkItem":
        """Pen strokes on a canvas.

        Args:
            lines: for each stroke `(n, 2)` float, canvas pixels, n >= 1.
        """
        # As a tap is read from a canvas: a line from a point to itself leaves a dot.
        whole = [np.repeat(line, 2, axis=0) if len(line) == 1 else line for line in lines]

        def prepare() -> np.ndarray:
            return prepare_drawing([Stroke(line, BRUSH_PX) for line in whole]).image

        return cls(label, prepare, lambda: draw_on_canvas(whole), is_held_out)

    @classmethod
    def from_picture(cls, label: str, grey: np.ndarray) -> "InkItem":
        """A picture in memory, `(h, w)` uint8, either polarity."""
        return cls(label, lambda: prepare_picture(grey).image, lambda: grey)

    @classmethod
    def from_file(cls, label: str, source: Path | bytes) -> "InkItem":
        """A picture file, or its bytes."""
        return cls(
            label,
            lambda: prepare_picture(decode_picture(source)).image,
            lambda: _to_grey(decode_picture(source)),
        )

    @classmethod
    def from_frame(cls, label: str, image: np.ndarray) -> "InkItem":
        """A digit that is framed as in MNIST already, `(28, 28)` uint8, ink 255."""
        return cls(label, lambda: image, lambda: image)


@dataclass(frozen=True)
class InkSet:
    """Many items of one origin.

    Attributes:
        name: a few words for the table.
        way: what is read: "drawing", "picture" (in memory), "file" or "frame" (28x28 as it is).
        are_digits: whether they are digits, to be read, or something else, to be refused.
        is_familiar: whether the models were trained on digits of this origin.
    """

    name: str
    way: str
    items: tuple[InkItem, ...]
    are_digits: bool = True
    is_familiar: bool = False


def draw_on_canvas(lines: Sequence[np.ndarray]) -> np.ndarray:
    """Strokes as a web canvas would save them: black on white, a round brush.

    Args:
        lines: for each stroke `(n, 2)` float, canvas pixels.
    Returns:
        `(280, 280)` uint8, ink 0, paper 255.
    """
    canvas = np.full((CANVAS_PX, CANVAS_PX), 255, np.uint8)
    points = [np.round(line * 2**_SHIFT_BITS).astype(np.int32) for line in lines]
    cv2.polylines(canvas, points, False, 0, BRUSH_PX, cv2.LINE_AA, _SHIFT_BITS)
    return canvas


def _to_grey(picture: np.ndarray) -> np.ndarray:
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
