"""The answer: a very large digit, the confidence, the runner-up and ten bars."""

from html import escape

import cv2
import numpy as np
import streamlit as st

from digitlab.errors import DigitlabError, EmptyInkError
from digitlab.figures.probability import describe_probabilities, probability_figure
from digitlab.figures.saliency import occlusion_figure
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.inference.reader import FAIRLY_SURE, Answer, DigitReader, format_percent
from digitlab.inference.saliency import compute_occlusion
from digitlab.ink import PreparedInk
from digitlab.ui.browser_signals import run_when_idle
from digitlab.ui.chart import render_steady_chart
from digitlab.ui.text import escape_markdown, render_error

# A runner-up below this probability is not mentioned.
_MIN_RUNNER_UP = 0.005
_STEP_PX = 168


def render_answer(answer: Answer) -> None:
    """Render the digit that was read, or that the input is probably not a digit."""
    if not answer.is_digit:
        _render_headline(
            "–",
            "I don't think this is a digit",
            f"If it is, it's a {answer.digit}.",
            is_unsure=True,
        )
    else:
        _render_digit(answer)
    _render_bars(answer.probabilities)


def _render_digit(answer: Answer) -> None:
    certainty = answer.certainty
    second = answer.probabilities[answer.runner_up]
    runner_up = (
        f"or perhaps a {answer.runner_up} ({format_percent(second)})"
        if second >= _MIN_RUNNER_UP
        else "no other digit comes close"
    )
    _render_headline(
        str(answer.digit),
        certainty[0].upper() + certainty[1:],
        f"{format_percent(answer.confidence)}, {runner_up}",
        is_unsure=answer.confidence < FAIRLY_SURE,
    )


def _render_headline(digit: str, certainty: str, details: str, *, is_unsure: bool) -> None:
    css_class = "answer answer-unsure" if is_unsure else "answer"
    st.html(
        f'<div class="{css_class}" role="status" aria-live="polite">'
        f'<div class="answer-digit" data-testid="digit">{escape(digit)}</div>'
        f'<div><div class="answer-words">{escape(certainty)}</div>'
        f'<div class="answer-quiet">{escape(details)}</div></div></div>'
    )


def render_blank(prompt: str) -> None:
    """Render the empty state of one digit."""
    render_prompt(prompt)
    # An invisible chart makes the browser load plotly before the first answer. Not before the
    # page is visible, which would delay it by a second.
    with st.container(key="draw_unseen"):
        run_when_idle("draw_idle", lambda: _render_bars((0.0,) * 10))


def render_prompt(prompt: str) -> None:
    """Say what to do, in the place of the answer."""
    st.html(
        f'<div class="answer"><div class="answer-blank" role="status">{escape(prompt)}</div></div>'
    )


def render_problem(error: DigitlabError) -> None:
    """Show why there is no answer; a blank input is not an error."""
    if isinstance(error, EmptyInkError):
        st.info(escape_markdown(str(error)))
    else:
        render_error(error)


def _render_bars(probabilities: tuple[float, ...]) -> None:
    render_steady_chart(
        probability_figure(probabilities),
        key="draw_probabilities",
        alt=describe_probabilities(probabilities),
    )


def render_preprocessing_steps(prepared: PreparedInk) -> None:
    """Render the steps from the drawing or picture to 28x28, in an expander."""
    expander = st.expander("What the network sees", key="draw_steps", on_change="rerun")
    if not expander.open:
        return
    with expander, st.container(horizontal=True, key="draw_steps_strip"):
        for number, step in enumerate(prepared.steps, start=1):
            st.image(
                _enlarge(step.compute_image()),
                caption=f"{number}. {step.title}",
                width=_STEP_PX,
                alt=step.title,
            )


def render_occlusion_map(prepared: PreparedInk, answer: Answer, reader: DigitReader) -> None:
    """Render the occlusion map in an expander; computed only while it is open."""
    expander = st.expander("Why this answer", key="draw_why", on_change="rerun")
    if not expander.open:
        return
    weights = compute_occlusion(reader, prepared.image, answer.digit)
    with expander:
        st.plotly_chart(
            occlusion_figure(weights, prepared.image, answer.digit),
            key="draw_occlusion",
            config=PLOTLY_CONFIG,
            alt=f"Occlusion map: which parts of the image support {answer.digit}.",
        )
        st.caption(
            f"Each patch was covered in turn. Blue: the network needs the ink there to read a "
            f"{answer.digit}. Grey: the ink there counts against it."
        )


def _enlarge(ink: np.ndarray) -> np.ndarray:
    """Dark ink on a white square; the pixels of small images stay visible."""
    height, width = ink.shape[:2]
    side = max(height, width)
    square = np.zeros((side, side, *ink.shape[2:]), np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = ink
    interpolation = cv2.INTER_NEAREST if side < _STEP_PX else cv2.INTER_AREA
    return 255 - cv2.resize(square, (2 * _STEP_PX, 2 * _STEP_PX), interpolation=interpolation)
