"""A row of sample digits to click instead of drawing."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from digitlab.ink.fabricjs import Stroke, parse_drawing
from digitlab.ink.samples import CANVAS_PX, SAMPLE_POINTS, build_drawing, build_path
from digitlab.ui.canvas import Drawing
from digitlab.ui.streamlit_internals import callback

STRIP_KEY = "draw_samples"
# Between a drawing and a sample that is appended, as a fraction of the canvas's height.
_GAP = 0.1
# The brush's width on a canvas of `CANVAS_PX`.
_WIDTH_PX = 16
_CSS = """
.strip { display: flex; flex-wrap: wrap; gap: 0.35rem; align-items: center; }
.strip > span { color: var(--st-text-color); font-size: 0.875rem; opacity: 0.8; }
button {
  width: 2.5rem; height: 2.5rem; padding: 0.2rem; cursor: pointer; background: transparent;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
}
button:hover, button:focus-visible { border-color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
path {
  fill: none; stroke: var(--st-text-color); stroke-width: 18;
  stroke-linecap: round; stroke-linejoin: round;
}
"""

_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  let strip = parentElement.querySelector(".strip");
  if (strip) return;
  strip = document.createElement("div");
  strip.className = "strip";
  const title = strip.appendChild(document.createElement("span"));
  title.textContent = "Samples";
  data.digits.forEach(({ digit, paths }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", `Sample ${digit}`);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", `0 0 ${data.side} ${data.side}`);
    paths.forEach((d) => {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", d);
      svg.appendChild(path);
    });
    button.appendChild(svg);
    button.onclick = () => setTriggerValue("picked", digit);
    strip.appendChild(button);
  });
  parentElement.appendChild(strip);
}
"""


def add_sample(drawing: Drawing, digit: int, size: tuple[int, int]) -> Drawing:
    """Add a sample digit to a drawing, behind what is there.

    Args:
        drawing: as the canvas reports it.
        size: of the canvas; the sample is as high, and may lie outside.
    """
    scale = size[1] / CANVAS_PX
    points = np.concatenate(SAMPLE_POINTS[digit]) * scale
    # Alone in a square it is where it was drawn; a line of digits begins at the left.
    shift = 0.0
    if drawing["objects"] or size[0] > size[1]:
        ends = [float(stroke.points[:, 0].max()) for stroke in _parse(drawing)]
        shift = max(ends, default=0.0) + _GAP * size[1] - float(points[:, 0].min())
    strokes = [[(x * scale + shift, y * scale) for x, y in one] for one in SAMPLE_POINTS[digit]]
    sample = build_drawing(strokes, width_px=_WIDTH_PX * scale)
    return {**drawing, "objects": [*drawing["objects"], *sample["objects"]]}


def _parse(drawing: Drawing) -> tuple[Stroke, ...]:
    return parse_drawing(drawing) if drawing["objects"] else ()


def render_sample_strip(on_pick: Callable[[int], None]) -> None:
    """Render the ten samples.

    Args:
        on_pick: called with the digit that was clicked, before the page reruns.
    """
    # Registered in each run: Streamlit compares, and keeps an unchanged component.
    strip = st.components.v2.component("digitlab_sample_strip", css=_CSS, js=_JS)

    def handle_pick() -> None:
        picked = st.session_state[STRIP_KEY].picked
        if picked is not None:
            on_pick(int(picked))

    strip(key=STRIP_KEY, data=_describe_samples(), on_picked_change=callback(handle_pick))


def _describe_samples() -> dict[str, object]:
    digits = [
        {
            "digit": digit,
            "paths": [
                " ".join(" ".join(map(str, command)) for command in build_path(points))
                for points in strokes
            ],
        }
        for digit, strokes in SAMPLE_POINTS.items()
    ]
    return {"side": CANVAS_PX, "digits": digits}
