"""Several digits at once: the wide sheet to write on, and what was read."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from digitlab.inference.multi_digit import (
    BoxedDigit,
    binarize_page,
    format_rows,
    read_many_drawing,
    read_many_page,
)
from digitlab.inference.reader import FAIRLY_SURE, SURE, DigitReader, format_percent
from digitlab.ink import parse_drawing
from digitlab.ink.fabricjs import Stroke
from digitlab.ink.reading_order import enclose
from digitlab.png import build_data_uri
from digitlab.ui.browser_signals import measure_width
from digitlab.ui.draw.canvas import render_canvas

# More doubts than this are not told one by one.
_MAX_TOLD = 2

Scene = dict[str, Any]

_CSS = """
svg { display: block; width: 100%; height: 100%; }
.frame { height: 13rem; }
.ink { fill: none; stroke: var(--st-text-color); stroke-linecap: round; stroke-linejoin: round; }
.page { fill: var(--st-text-color); }
.box { fill: none; stroke: var(--st-primary-color); stroke-width: 1.5px;
       vector-effect: non-scaling-stroke; }
.doubt { stroke-dasharray: 4 3; }
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
  // Drawn anew only if something changed: a page's ink would be decoded again and blink.
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
    build("rect", { class: unsure ? "box doubt" : "box", x, y, width, height, rx: 3 }, svg);
    const label = build("text",
      { x: x + width / 2, y: y - data.letter * 0.25, "font-size": data.letter }, svg);
    label.textContent = text;
  });
  frame.replaceChildren(svg);
}
"""

MultiDigitInput = tuple[Stroke, ...] | np.ndarray

# Streamlit drops a widget's state when its page is left; this key is ours and stays.
_CHOICE = "draw_several_choice"


def render_multi_digit_answer(digits: Sequence[BoxedDigit]) -> None:
    """Show all that was read, a line for each row.

    Args:
        digits: at least one, in reading order.
    """
    rows = ["".join(row) for row in format_rows(digits)]
    # Long numbers and many rows are written smaller: nothing may run out of the page.
    size = min(6.5, 26 / max(map(len, rows)), 9 / len(rows))
    lines = "".join(f"<div>{row}</div>" for row in rows)
    shares = "".join(f"<li><b>{digit.text}</b> {_tell_share(digit)}</li>" for digit in digits)
    st.html(
        f'<div role="status" aria-live="polite">'
        f'<div class="number" data-testid="number" style="font-size:{size:.2f}rem">{lines}</div>'
        f'<div class="answer-words">{_describe_certainty(digits)}</div></div>'
        f'<ul class="number-shares" aria-label="How sure each digit is">{shares}</ul>'
    )


def _tell_share(digit: BoxedDigit) -> str:
    return format_percent(digit.answer.confidence) if digit.answer.is_digit else "no digit"


def _describe_certainty(digits: Sequence[BoxedDigit]) -> str:
    """How sure it is of the whole, and which digits are in doubt."""
    answers = [digit.answer for digit in digits]
    if all(answer.is_digit and answer.confidence >= SURE for answer in answers):
        return "Sure"
    doubts = [
        f"digit {place} {doubt}"
        for place, answer in enumerate(answers, start=1)
        if (doubt := _describe_doubt(answer.is_digit, answer.confidence, answer.certainty))
    ]
    if not doubts:
        return "Fairly sure"
    told = "; ".join(doubts[:_MAX_TOLD])
    more = f"; and {len(doubts) - _MAX_TOLD} more" if len(doubts) > _MAX_TOLD else ""
    return f"In doubt: {told}{more}"


def _describe_doubt(is_digit: bool, confidence: float, certainty: str) -> str:
    if not is_digit:
        return "may be no digit"
    return f"is {certainty.partition(': ')[2]}" if confidence < FAIRLY_SURE else ""


def render_boxed_ink(scene: Scene, digits: Sequence[BoxedDigit], key: str) -> None:
    """Show a scene with its digits' boxes; dashed where the network is not sure.

    Args:
        scene: from `describe_strokes` or `describe_page`.
        digits: at least one, in the scene's pixels.
        key: names the picture on its page.
    """
    # Registered at each run: Streamlit compares and keeps what is the same.
    picture = st.components.v2.component("digitlab_boxed_ink", css=_CSS, js=_JS)
    x, y, width, height = enclose([digit.box for digit in digits])
    letter = 0.32 * float(np.median([digit.box[3] for digit in digits]))
    margin = letter * 0.2
    view = (x - margin, y - 1.3 * letter, width + 2 * margin, height + 1.3 * letter + margin)
    read = ", ".join(digit.text for digit in digits)
    picture(
        key=key,
        data={
            **scene,
            "view": [round(length, 1) for length in view],
            "letter": letter,
            "digits": [_describe_digit(digit) for digit in digits],
            "alt": f"What you wrote, with a box around each digit. From left to right: {read}.",
        },
    )


def describe_strokes(strokes: Sequence[Stroke]) -> Scene:
    """A drawing as a scene: its lines, in canvas pixels."""
    lines = [
        {
            "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in stroke.points),
            "width": stroke.width_px,
        }
        for stroke in strokes
    ]
    return {"strokes": lines, "page": None, "size": None}


def describe_page(ink: np.ndarray) -> Scene:
    """A page of ink as a scene.

    Args:
        ink: `(h, w)` uint8, ink 255, paper 0.
    """
    size = [int(ink.shape[1]), int(ink.shape[0])]
    return {"strokes": [], "page": build_data_uri(ink), "size": size}


def _describe_digit(digit: BoxedDigit) -> dict[str, Any]:
    return {
        "box": [round(float(length), 1) for length in digit.box],
        "text": digit.text,
        "unsure": not digit.answer.is_digit or digit.answer.confidence < FAIRLY_SURE,
    }


def render_several_toggle() -> bool:
    """The switch between one digit and several; it stays when the page is left."""
    state = st.session_state
    state[_CHOICE] = st.toggle(
        "Several digits",
        value=state.get(_CHOICE, False),
        key="draw_several",
        help="Write a whole number, like 2026; each digit is found and read.",
    )
    return bool(state[_CHOICE])


def render_wide_canvas() -> tuple[Stroke, ...] | None:
    """A canvas as wide as the page; the strokes on it, None while it is blank.

    Raises:
        InkError: the drawing cannot be read.
    """
    with st.container(key="draw_wide"):
        width_px = measure_width("draw_width")
        if width_px is None:
            return None
        drawing = render_canvas(width_px)
    return parse_drawing(drawing) if drawing["objects"] else None


def render_reading(shown: MultiDigitInput, reader: DigitReader) -> None:
    """Read all digits; show the number, and beside it the boxes they were found in.

    Args:
        shown: the strokes of a drawing, or a picture from `decode_picture`.
    Raises:
        InkError: there is no ink.
    """
    if isinstance(shown, np.ndarray):
        page = binarize_page(shown)
        digits = read_many_page(page, reader)
        scene = describe_page(page)
    else:
        digits = read_many_drawing(shown, reader)
        scene = describe_strokes(shown)
    left, right = st.columns(2, gap="medium")
    with left:
        render_multi_digit_answer(digits)
    with right:
        render_boxed_ink(scene, digits, key="draw_boxes")
