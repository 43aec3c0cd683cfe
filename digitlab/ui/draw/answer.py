"""The answer: a large digit, the certainty, ten bars, and what the network sees.

It is one HTML element, because it changes several times a second while the user draws.
"""

from collections.abc import Sequence
from html import escape

import cv2
import numpy as np
import streamlit as st

from digitlab.errors import DigitlabError, EmptyInkError
from digitlab.figures.theme import INK_BLUE, parse_colour
from digitlab.inference.reader import (
    N_DIGITS,
    Answer,
    format_percent,
)
from digitlab.ink import PreparedInk
from digitlab.png import build_data_uri
from digitlab.ui.text import escape_markdown, render_error

# A runner-up below this probability is not mentioned.
_MIN_RUNNER_UP = 0.005
_PICTURE_PX = 112
# The strokes, the normalised strokes and the network's input.
_N_PICTURES = 3
_CONTRADICTS = "#80848c"
_BARS_LABEL = "Class probabilities"


def render_answer(
    answer: Answer, prepared: PreparedInk, occlusion: np.ndarray | None = None
) -> None:
    """Render the digit that was read, or that the input is probably not a digit.

    Args:
        occlusion: `(28, 28)` from `compute_occlusion`, shown as one more picture.
    """
    pictures = [(step.title, _enlarge(step.compute_image())) for step in prepared.steps]
    if occlusion is not None:
        image = _colour(occlusion, prepared.image)
        pictures.append((f"Saliency for {answer.digit}", image))
    _render(_build_headline(answer), answer.probabilities, pictures)


def render_prompt(prompt: str) -> None:
    """Say what to do, in the place of the answer."""
    headline = f'<div class="draw-prompt" role="status">{escape(prompt)}</div>'
    _render(headline, (), [("", None)] * _N_PICTURES)


def render_problem(error: DigitlabError) -> None:
    """Show why there is no answer; a blank input is not an error."""
    if isinstance(error, EmptyInkError):
        st.info(escape_markdown(str(error)))
    else:
        render_error(error)


def _render(
    headline: str,
    probabilities: Sequence[float],
    pictures: Sequence[tuple[str, np.ndarray | None]],
) -> None:
    st.html(
        f'<div class="draw-answer">{headline}{_build_bars(probabilities)}'
        f'<ul class="draw-pictures" aria-label="What the network sees">'
        f"{''.join(_build_picture(*picture) for picture in pictures)}</ul></div>"
    )


def _build_headline(answer: Answer) -> str:
    if not answer.is_digit:
        digit, certainty = "–", "I don't think this is a digit"
        details = f"If it is, it's {'an' if answer.digit == 8 else 'a'} {answer.digit}."
    else:
        digit, certainty = str(answer.digit), answer.certainty
        certainty = certainty[0].upper() + certainty[1:]
        second = answer.probabilities[answer.runner_up]
        runner_up = (
            f"or perhaps {'an' if answer.runner_up == 8 else 'a'} {answer.runner_up} "
            f"({format_percent(second)})"
            if second >= _MIN_RUNNER_UP
            else "no other digit comes close"
        )
        details = f"{format_percent(answer.confidence)}, {runner_up}"
    return (
        f'<div class="draw-headline{" draw-unsure" if answer.is_unsure else ""}" role="status">'
        f'<div class="draw-digit" data-testid="digit">{digit}</div>'
        f'<div><div class="draw-certainty">{escape(certainty)}</div>'
        f'<div class="draw-quiet">{escape(details)}</div></div></div>'
    )


def _build_bars(probabilities: Sequence[float]) -> str:
    """One bar for each digit; empty bars without probabilities."""
    best = max(probabilities, default=None)
    bars = []
    for digit in range(N_DIGITS):
        probability = probabilities[digit] if probabilities else 0.0
        css_class = ' class="draw-best"' if probability == best else ""
        value = format_percent(probability) if probabilities else ""
        bars.append(
            f"<li{css_class}><span>{digit}</span><span><i style='width:{probability:.1%}'></i>"
            f"</span><span>{value}</span></li>"
        )
    return f'<ol class="draw-bars" aria-label="{_BARS_LABEL}">{"".join(bars)}</ol>'


def _build_picture(title: str, image: np.ndarray | None) -> str:
    if image is None:
        return '<li><div class="draw-frame"></div><span>&nbsp;</span></li>'
    source, title = build_data_uri(image), escape(title)
    return f'<li><img class="draw-frame" src="{source}" alt="" decoding="sync">' \
           f"<span>{title}</span></li>"  # fmt: skip


def _enlarge(ink: np.ndarray) -> np.ndarray:
    """Dark ink on a white square; small images are enlarged by the browser."""
    height, width = ink.shape[:2]
    side = max(height, width)
    if height != width:
        square = np.zeros((side, side, *ink.shape[2:]), np.uint8)
        top, left = (side - height) // 2, (side - width) // 2
        square[top : top + height, left : left + width] = ink
        ink = square
    if side > 2 * _PICTURE_PX:
        size = (2 * _PICTURE_PX, 2 * _PICTURE_PX)
        ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    return 255 - ink


def _colour(occlusion: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Faint ink, ink-blue where it supports the answer, grey where it contradicts it: RGB."""
    strength = occlusion / max(float(np.abs(occlusion).max()), 1e-6)
    colours = [parse_colour(INK_BLUE), parse_colour(_CONTRADICTS)]
    colour = np.where(strength[..., None] > 0, *colours)
    ink = 255 - 0.15 * image[..., None]
    mixed = ink + np.abs(strength[..., None]) * (colour - ink)
    return np.round(mixed).astype(np.uint8)
