"""A drawing or a page with a box around each digit and its reading above."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from digitlab.ink.drawing import Stroke
from digitlab.ink.rows import enclose
from digitlab.many import DigitInBox
from digitlab.png import build_address
from digitlab.reader import FAIRLY_SURE

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


def render_boxed_ink(scene: Scene, digits: Sequence[DigitInBox], key: str) -> None:
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
    return {"strokes": [], "page": build_address(ink), "size": size}


def _describe_digit(digit: DigitInBox) -> dict[str, Any]:
    return {
        "box": [round(float(length), 1) for length in digit.box],
        "text": digit.text,
        "unsure": not digit.answer.is_digit or digit.answer.confidence < FAIRLY_SURE,
    }
