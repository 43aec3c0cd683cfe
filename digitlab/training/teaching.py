"""Teach a model the user's hand: labelled drawings, and the settings of the run that learns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from digitlab.errors import ConfigError, DrawingError, InkError
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.training.config import TrainConfig

MIN_DIGITS, MAX_DIGITS = 10, 1_000
# A thousand digits take a fifth of it.
MAX_FILE_MB = 5
# One of so many digits is not learned: before and after are measured on these.
_HELD_OUT_EVERY = 4
# The end of the name of a model that was taught.
_LABEL_END = ", my hand"

# A canvas's `json_data`, and the digit that was meant.
LabelledDrawing = tuple[Mapping[str, Any], int]


@dataclass(frozen=True)
class TaughtDigits:
    """Digits to learn.

    Attributes:
        images: `(n, 28, 28)` uint8, ink 255, framed as in MNIST.
        labels: `(n,)` uint8.
        is_held_out: `(n,)` bool, the digits to measure by instead.
    """

    images: np.ndarray
    labels: np.ndarray
    is_held_out: np.ndarray


def build_taught_digits(drawings: Sequence[LabelledDrawing]) -> TaughtDigits:
    """Prepare drawings as the network reads them; every fourth is held out.

    Raises:
        ConfigError: there are too few or too many.
        InkError: a drawing is empty or invalid.
    """
    if not MIN_DIGITS <= len(drawings) <= MAX_DIGITS:
        raise ConfigError(
            f"There are {len(drawings):,} digits; teaching needs {MIN_DIGITS} to {MAX_DIGITS:,}."
        )
    images = [prepare_drawing(parse_drawing(drawing)).image for drawing, _ in drawings]
    labels = np.array([label for _, label in drawings], np.uint8)
    order = np.arange(len(labels))
    return TaughtDigits(np.stack(images), labels, order % _HELD_OUT_EVERY == _HELD_OUT_EVERY - 1)


def build_teaching_config(model_id: str, model_config: Mapping[str, Any]) -> TrainConfig:
    """The settings of a short run that goes on training a model.

    Original data is mixed in (`worker/teaching.py`), so that it forgets nothing. Learning rate and
    epochs were tried on some writers of UNIPEN (`python -m benchmarks.teach --tuning`).

    Args:
        model_id: the model, whose weights the run starts from.
        model_config: the settings that it was trained with; empty of an imported model.
    Raises:
        ConfigError: it was imported, so it is unknown how its network is built.
    """
    if not model_config:
        raise ConfigError(
            f"{model_id} was imported, so it cannot be taught. Choose one that was trained here."
        )
    design = ("dataset", "net", "activation", "batch_norm", "dropout")
    return TrainConfig(
        **{name: model_config[name] for name in design if name in model_config},
        init_from=model_id,
        epochs=3,
        batch_size=64,
        learning_rate=5e-4,
        schedule="cosine",
        augmentation=1.0,
    )


def build_taught_label(label: str) -> str:
    """The name of a model that has learned the user's hand; one that learns more keeps its name."""
    return label if label.endswith(_LABEL_END) else label + _LABEL_END


def format_drawings(drawings: Sequence[LabelledDrawing]) -> bytes:
    """The content of a file with labelled drawings; `parse_drawings` reads it."""
    digits = [{"digit": label, "objects": drawing["objects"]} for drawing, label in drawings]
    return json.dumps({"digits": digits}).encode()


def check_amount(drawings: Sequence[LabelledDrawing]) -> None:
    """Check that drawings can be taught and saved as one file.

    Raises:
        DrawingError: they are too many or too large.
    """
    size_mb = len(format_drawings(drawings)) / 1e6
    if len(drawings) > MAX_DIGITS or size_mb > MAX_FILE_MB:
        raise DrawingError(
            f"Together these would be {len(drawings):,} digits of {size_mb:.1f} MB; at most "
            f"{MAX_DIGITS:,} of {MAX_FILE_MB} MB can be taught. Save them, and reload the page for "
            "more."
        )


def parse_drawings(content: bytes) -> list[LabelledDrawing]:
    """Read a file that `format_drawings` wrote.

    Raises:
        InkError: it is another file, or a drawing in it is invalid.
    """
    try:
        rows = json.loads(content)["digits"]
        drawings: list[LabelledDrawing] = [
            ({"objects": row["objects"]}, row["digit"]) for row in rows
        ]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DrawingError(
            "This is no file of labelled drawings. Choose a file that was saved here."
        ) from error
    for number, (drawing, label) in enumerate(drawings, start=1):
        if type(label) is not int or not 0 <= label <= 9:
            raise DrawingError(f"Drawing {number} has the label {label!r}, which is no digit.")
        try:
            parse_drawing(drawing)
        except InkError as error:
            raise DrawingError(f"Drawing {number} is invalid. {error}") from error
    return drawings
