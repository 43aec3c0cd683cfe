"""The answer: one very large digit, how sure, what else, and the ten bars."""

import cv2
import numpy as np
import streamlit as st

from digitlab.errors import DigitlabError, EmptyInkError
from digitlab.figures.probability import describe_probabilities, probability_figure
from digitlab.figures.saliency import occlusion_figure
from digitlab.inference.reader import FAIRLY_SURE, Answer, DigitReader, format_percent
from digitlab.inference.saliency import compute_occlusion
from digitlab.ink import PreparedInk
from digitlab.ui.browser_signals import run_when_idle
from digitlab.ui.chart import render_steady_chart

# Below this a second guess is not worth a word.
_WORTH_A_WORD = 0.005

_SHOWN_PX = 168


def render_answer(answer: Answer) -> None:
    """Show what was read, or that it is probably no digit."""
    if not answer.is_digit:
        _render_head(
            "–",
            "I don't think this is a digit",
            f"If it is, it's a {answer.digit}.",
            unsure=True,
        )
    else:
        _render_digit(answer)
    _render_bars(answer.probabilities)


def _render_digit(answer: Answer) -> None:
    words = answer.certainty
    second = answer.probabilities[answer.runner_up]
    other = (
        f"or perhaps a {answer.runner_up} ({format_percent(second)})"
        if second >= _WORTH_A_WORD
        else "no other digit comes close"
    )
    _render_head(
        str(answer.digit),
        words[0].upper() + words[1:],
        f"{format_percent(answer.confidence)}, {other}",
        unsure=answer.confidence < FAIRLY_SURE,
    )


def _render_head(digit: str, words: str, details: str, *, unsure: bool) -> None:
    look = " answer-unsure" if unsure else ""
    st.html(
        f'<div class="answer{look}" role="status" aria-live="polite">'
        f'<div class="answer-digit" data-testid="digit">{digit}</div>'
        f'<div><div class="answer-words">{words}</div>'
        f'<div class="answer-quiet">{details}</div></div></div>'
    )


def render_blank(sentence: str) -> None:
    """Show that there is nothing to answer yet."""
    render_invitation(sentence)
    # Unseen, so that the browser has fetched what draws the bars when the first answer comes;
    # not before the page is there, which would come a second later for it.
    with st.container(key="draw_unseen"):
        run_when_idle("draw_idle", lambda: _render_bars((0.0,) * 10))


def render_invitation(sentence: str) -> None:
    """Say what to do, where the answer will be."""
    st.html(f'<div class="answer"><div class="answer-blank" role="status">{sentence}</div></div>')


def render_error(problem: DigitlabError) -> None:
    """Say what went wrong, in the error's own words."""
    show = st.info if isinstance(problem, EmptyInkError) else st.error
    show(str(problem))


def _render_bars(probabilities: tuple[float, ...]) -> None:
    render_steady_chart(
        probability_figure(probabilities),
        key="draw_probabilities",
        alt=describe_probabilities(probabilities),
    )


def render_preprocessing_steps(prepared: PreparedInk) -> None:
    """The way from the drawing or picture to 28x28, in an expander."""
    expander = st.expander("What the network sees", key="draw_steps", on_change="rerun")
    if not expander.open:
        return
    with expander, st.container(horizontal=True, key="draw_steps_strip"):
        for number, step in enumerate(prepared.steps, start=1):
            st.image(
                _enlarge(step.compute_image()),
                caption=f"{number}. {step.title}",
                width=_SHOWN_PX,
                alt=step.title,
            )


def render_occlusion_map(prepared: PreparedInk, answer: Answer, reader: DigitReader) -> None:
    """The occlusion map, in an expander; computed only when it is open."""
    expander = st.expander("Why this answer", key="draw_why", on_change="rerun")
    if not expander.open:
        return
    weights = compute_occlusion(reader, prepared.image, answer.digit)
    with expander:
        st.plotly_chart(
            occlusion_figure(weights, prepared.image, answer.digit),
            key="draw_occlusion",
            config={"displayModeBar": False},
            alt=f"Map of the digit: which places speak for {answer.digit}.",
        )
        st.caption(
            f"Each place was covered in turn. Where it is blue, the network needs the ink to "
            f"read a {answer.digit}; where it is grey, the ink speaks against it."
        )


def _enlarge(ink: np.ndarray) -> np.ndarray:
    """Dark ink on white paper in a square, small pictures with their pixels visible."""
    height, width = ink.shape[:2]
    side = max(height, width)
    square = np.zeros((side, side, *ink.shape[2:]), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = ink
    how = cv2.INTER_NEAREST if side < _SHOWN_PX else cv2.INTER_AREA
    return 255 - cv2.resize(square, (2 * _SHOWN_PX, 2 * _SHOWN_PX), interpolation=how)
