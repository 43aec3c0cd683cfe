"""Prepare any picture for the network: a photo, a scan or an image from a paint program."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.ink.binarize import InkMap, binarize_picture
from digitlab.ink.cleaning import clean_page
from digitlab.ink.component_selection import select_digit_components
from digitlab.ink.mnist_frame import normalize_pen_and_frame

# How good an image of a digit is, 0 to 1: the probability that it is the digit it is read as.
Rate = Callable[[np.ndarray], float]

# A photo's ink is separated again with the threshold times each of these, which leaves out lines
# and shadows that are weaker than the pen, if the first image is rated below the first number;
# another image is taken only if it is rated at least the second. Chosen on training digits.
_STRICTER = (1.5, 2.0)
_SURE, _MIN_RATING = 0.9, 0.97


@dataclass(frozen=True)
class InkStep:
    """One preprocessing step, for a viewer of the steps.

    Attributes:
        title: what the step did, in a few words.
        compute_image: returns the result of the step, `(h, w)` or `(h, w, 3)` uint8, ink bright
            on a dark ground. It is called only when the steps are shown.
    """

    title: str
    compute_image: Callable[[], np.ndarray]


@dataclass(frozen=True)
class PreparedInk:
    """A digit ready for the network.

    Attributes:
        image: `(28, 28)` uint8, ink 255, paper 0.
        steps: from the input to `image`, in order.
        page: all ink of a picture, from which the digit was chosen; None for a drawing.
    """

    image: np.ndarray
    steps: tuple[InkStep, ...]
    page: InkMap | None = None


def prepare_picture(picture: np.ndarray, rate: Rate | None = None) -> PreparedInk:
    """Find the one digit in a picture and frame it as MNIST does.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8; dark ink on light paper or light on dark.
        rate: a network's rating of an image: if it is unsure of a photo, stricter thresholds are
            tried. Without it, the first attempt is final.
    Returns:
        The framed digit, and the steps to it.
    Raises:
        EmptyInkError: the picture is one colour.
    """
    binarized = binarize_picture(picture)
    prepared = _prepare_page(picture, binarized)
    if rate is None or binarized.is_flat:
        return prepared
    rating = rate(prepared.image)
    if rating >= _SURE:
        return prepared
    for factor in _STRICTER:
        try:
            stricter = replace(binarized, threshold=binarized.threshold * factor)
            attempt = _prepare_page(picture, stricter)
        except EmptyInkError:
            break
        attempt_rating = rate(attempt.image)
        if attempt_rating >= max(rating, _MIN_RATING):
            prepared, rating = attempt, attempt_rating
    return prepared


def _prepare_page(picture: np.ndarray, binarized: InkMap) -> PreparedInk:
    page, cleaned = clean_page(binarized)
    digit = select_digit_components(page)
    image, enlarged = normalize_pen_and_frame(digit, page.threshold)
    steps = (
        InkStep("Input picture", lambda: 255 - picture),
        *(_show_page(title, shown) for title, shown in [("Binarized", binarized), *cleaned]),
        InkStep("Digit components", lambda: _to_bytes(digit)),
        InkStep("Pen width normalised", lambda: enlarged),
        InkStep("28×28", lambda: image),
    )
    return PreparedInk(image, steps, page)


def _show_page(title: str, page: InkMap) -> InkStep:
    return InkStep(title, lambda: _to_bytes(page.strength))


def _to_bytes(strength: np.ndarray) -> np.ndarray:
    return np.round(np.clip(strength, 0, 1) * 255).astype(np.uint8)
