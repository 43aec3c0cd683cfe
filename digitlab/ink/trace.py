"""What the preparation of a digit hands on: the digit itself and the steps that led to it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


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
