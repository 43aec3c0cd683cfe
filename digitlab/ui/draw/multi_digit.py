"""Several digits at once: the number that was read, and a box around each digit."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from digitlab.inference.multi_digit import (
    BoxedDigit,
    format_rows,
    read_many_drawing,
    read_many_page,
)
from digitlab.inference.reader import FAIRLY_SURE, SURE, Answer, DigitReader, format_percent
from digitlab.ink.fabricjs import Stroke
from digitlab.ink.reading_order import enclose
from digitlab.ink.segmentation import binarize_page
from digitlab.png import build_data_uri

# More uncertain digits than this are only counted.
_MAX_LISTED = 2

# Strokes or the image of a page, as the component takes it.
BoxedInk = dict[str, Any]

_CSS = """
svg { display: block; width: 100%; height: 100%; }
.frame { height: 12rem; }
.ink { fill: none; stroke: var(--st-text-color); stroke-linecap: round; stroke-linejoin: round; }
.page { fill: var(--st-text-color); }
.box { fill: none; stroke: var(--st-primary-color); stroke-width: 1.5px;
       vector-effect: non-scaling-stroke; }
.unsure { stroke-dasharray: 4 3; }
text { fill: var(--st-primary-color); font-family: Georgia, serif; text-anchor: middle; }
@media (max-width: 640px) { .frame { height: 9rem; } }
"""

_JS = """
const NS = "http://www.w3.org/2000/svg";

function build(name, attributes, parent) {
  const node = document.createElementNS(NS, name);
  Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
  parent.appendChild(node);
  return node;
}

export default function ({ data, parentElement }) {
  let frame = parentElement.querySelector(".frame");
  if (!frame) {
    frame = document.createElement("div");
    frame.className = "frame";
    parentElement.appendChild(frame);
  }
  // Redrawn only after a change: the browser would decode the page image again, and flicker.
  const content = JSON.stringify(data);
  if (frame.content === content) return;
  frame.content = content;
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", data.view.join(" "));
  svg.setAttribute("preserveAspectRatio", "xMinYMid meet");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", data.alt);
  data.strokes.forEach(({ points, width }) =>
    build("polyline", { class: "ink", points, "stroke-width": width }, svg));
  if (data.page) {
    const [width, height] = data.size;
    const mask = build("mask", { id: "ink" }, svg);
    build("image", { href: data.page, width, height }, mask);
    build("rect", { class: "page", width, height, mask: "url(#ink)" }, svg);
  }
  data.digits.forEach(({ box: [x, y, width, height], text, unsure }) => {
    build("rect", { class: unsure ? "box unsure" : "box", x, y, width, height, rx: 3 }, svg);
    const label = build("text",
      { x: x + width / 2, y: y - data.letter * 0.25, "font-size": data.letter }, svg);
    label.textContent = text;
  });
  frame.replaceChildren(svg);
}
"""

MultiDigitInput = tuple[Stroke, ...] | np.ndarray


def _render_number(digits: Sequence[BoxedDigit]) -> None:
    """Render all digits, one line per row.

    Args:
        digits: at least one, in reading order.
    """
    rows = ["".join(row) for row in format_rows(digits)]
    # Long numbers and many rows get a smaller font, so that everything fits on the page.
    size = min(6.5, 26 / max(map(len, rows)), 9 / len(rows))
    lines = "".join(f"<div>{row}</div>" for row in rows)
    confidences = "".join(
        f"<li><b>{digit.text}</b> {_format_confidence(digit)}</li>" for digit in digits
    )
    st.html(
        f'<div role="status"><div class="draw-number" data-testid="number" '
        f'style="font-size:{size:.2f}rem">{lines}</div>'
        f'<div class="draw-certainty">{_describe_certainty(digits)}</div></div>'
        f'<ul class="draw-confidences" aria-label="Confidence of each digit">{confidences}</ul>'
    )


def _format_confidence(digit: BoxedDigit) -> str:
    return format_percent(digit.answer.confidence) if digit.answer.is_digit else "no digit"


def _describe_certainty(digits: Sequence[BoxedDigit]) -> str:
    """The certainty of the whole number, and which digits are uncertain."""
    answers = [digit.answer for digit in digits]
    if all(answer.is_digit and answer.confidence >= SURE for answer in answers):
        return "Sure"
    uncertain = [
        f"digit {number} {description}"
        for number, answer in enumerate(answers, start=1)
        if (description := _describe_uncertainty(answer))
    ]
    if not uncertain:
        return "Fairly sure"
    listed = "; ".join(uncertain[:_MAX_LISTED])
    n_more = len(uncertain) - _MAX_LISTED
    return f"Uncertain: {listed}" + (f"; and {n_more} more" if n_more > 0 else "")


def _describe_uncertainty(answer: Answer) -> str:
    """Empty for a digit that is read with confidence."""
    if not answer.is_digit:
        return "may not be a digit"
    return f"is {answer.certainty.partition(': ')[2]}" if answer.confidence < FAIRLY_SURE else ""


def _render_boxed_ink(ink: BoxedInk, digits: Sequence[BoxedDigit], key: str) -> None:
    """Render the ink with a box around each digit, dashed where the network is not sure.

    Args:
        ink: from `_describe_strokes` or `_describe_page`.
        digits: at least one, in pixels of the ink.
        key: identifies the picture on its page.
    """
    # Registered in each run: Streamlit compares, and keeps an unchanged component.
    picture = st.components.v2.component("digitlab_boxed_ink", css=_CSS, js=_JS)
    x, y, width, height = enclose([digit.box for digit in digits])
    letter = 0.32 * float(np.median([digit.box[3] for digit in digits]))
    margin = letter * 0.2
    view = (x - margin, y - 1.3 * letter, width + 2 * margin, height + 1.3 * letter + margin)
    read = ", ".join(digit.text for digit in digits)
    picture(
        key=key,
        data={
            **ink,
            "view": [round(length, 1) for length in view],
            "letter": letter,
            "digits": [_describe_digit(digit) for digit in digits],
            "alt": f"What you wrote, with a box around each digit. From left to right: {read}.",
        },
    )


def _describe_strokes(strokes: Sequence[Stroke]) -> BoxedInk:
    """The lines of a drawing, in canvas pixels."""
    lines = [
        {
            "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in stroke.points),
            "width": stroke.width_px,
        }
        for stroke in strokes
    ]
    return {"strokes": lines, "page": None, "size": None}


def _describe_page(ink: np.ndarray) -> BoxedInk:
    """A page of ink as an image.

    Args:
        ink: `(h, w)` uint8, ink 255, paper 0.
    """
    size = [int(ink.shape[1]), int(ink.shape[0])]
    return {"strokes": [], "page": build_data_uri(ink), "size": size}


def _describe_digit(digit: BoxedDigit) -> dict[str, Any]:
    return {
        "box": [round(float(length), 1) for length in digit.box],
        "text": digit.text,
        "unsure": digit.answer.is_unsure,
    }


def render_several_prompt(prompt: str) -> None:
    """Say what to do, in the place of the number."""
    st.html(f'<div class="draw-prompt" role="status">{escape(prompt)}</div>')


def render_reading(digits_input: MultiDigitInput, reader: DigitReader) -> None:
    """Read all digits; render the number, and beside it the digits in their boxes.

    Args:
        digits_input: the strokes of a drawing, or a picture from `decode_picture`.
    Raises:
        InkError: there is no ink.
    """
    if isinstance(digits_input, np.ndarray):
        page = binarize_page(digits_input)
        digits = read_many_page(page, reader)
        boxed_ink = _describe_page(page)
    else:
        digits = read_many_drawing(digits_input, reader)
        boxed_ink = _describe_strokes(digits_input)
    with st.container(horizontal=True, gap="medium", key="draw_reading"):
        with st.container(width="stretch"):
            _render_number(digits)
        with st.container(width="stretch"):
            _render_boxed_ink(boxed_ink, digits, key="draw_boxes")
