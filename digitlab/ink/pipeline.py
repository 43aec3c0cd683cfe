"""From any picture to 28x28: a photo, a scan, a scribble of a paint program."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from digitlab.ink.binarize import binarize_picture
from digitlab.ink.cleaning import remove_ruled_lines
from digitlab.ink.component_selection import select_digit_components
from digitlab.ink.mnist_frame import normalize_pen_and_frame


@dataclass(frozen=True)
class InkStep:
    """One step of the preparation, to be shown to a person.

    Attributes:
        title: a few words on what was done.
        render: returns the picture after the step, `(h, w)` or in colour `(h, w, 3)` uint8, ink
            bright on a dark ground. It is a function,
            because most answers are given without anyone looking at the steps.
    """

    title: str
    render: Callable[[], np.ndarray]


@dataclass(frozen=True)
class PreparedInk:
    """A digit ready for the network.

    Attributes:
        image: `(28, 28)` uint8, ink 255, paper 0.
        steps: from what the person made to `image`, in order.
    """

    image: np.ndarray
    steps: tuple[InkStep, ...]


def prepare_picture(picture: np.ndarray) -> PreparedInk:
    """Find the one digit in a picture and frame it.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8; dark ink on light paper or light on dark.
    Returns:
        The digit, and the steps to it.
    Raises:
        EmptyInkError: the picture is one colour.
    """
    found = binarize_picture(picture)
    page = remove_ruled_lines(found)
    digit = select_digit_components(page)
    image, fine = normalize_pen_and_frame(digit, found.threshold)
    steps = [
        InkStep("Your picture", lambda: 255 - picture),
        InkStep("Ink apart from paper", lambda: _to_bytes(found.strength)),
    ]
    if page is not found:
        steps.append(InkStep("Ruled lines taken off", lambda: _to_bytes(page.strength)))
    steps += [
        InkStep("The digit alone", lambda: _to_bytes(digit)),
        InkStep("Cut out, with a usual pen", lambda: fine),
        InkStep("28 × 28, centre of mass in the middle", lambda: image),
    ]
    return PreparedInk(image, tuple(steps))


def _to_bytes(strength: np.ndarray) -> np.ndarray:
    return np.round(np.clip(strength, 0, 1) * 255).astype(np.uint8)
