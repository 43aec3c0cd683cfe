"""From any picture to 28x28: a photo, a scan, a scribble of a paint program."""

import numpy as np

from digitlab.ink.choose import choose_digit, clean_page
from digitlab.ink.paper import separate_ink
from digitlab.ink.pen import frame_ink
from digitlab.ink.trace import InkStep, PreparedInk


def prepare_picture(picture: np.ndarray) -> PreparedInk:
    """Find the one digit in a picture and frame it.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8; dark ink on light paper or light on dark.
    Returns:
        The digit, and the steps to it.
    Raises:
        EmptyInkError: the picture is one colour.
    """
    found = separate_ink(picture)
    page = clean_page(found)
    digit = choose_digit(page)
    image, fine = frame_ink(digit, found.threshold)
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
