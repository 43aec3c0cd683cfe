"""A row of sample digits to click instead of drawing."""

from collections.abc import Callable

import streamlit as st

from digitlab.ink.samples import CANVAS_PX, SAMPLE_POINTS, build_path
from digitlab.ui.streamlit_internals import callback

_CSS = """
.strip { display: flex; flex-wrap: wrap; gap: 0.35rem; }
button {
  width: 2.9rem; height: 2.9rem; padding: 0.2rem; cursor: pointer; background: transparent;
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
  data.digits.forEach(({ digit, paths }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", `Try a ${digit}`);
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


def render_sample_strip(key: str, on_pick: Callable[[int], None]) -> None:
    """Render the ten samples.

    Args:
        on_pick: called with the digit that was clicked, before the page reruns.
    """
    # Registered in each run: Streamlit compares, and keeps an unchanged component.
    strip = st.components.v2.component("digitlab_sample_strip", css=_CSS, js=_JS)

    def handle_pick() -> None:
        picked = st.session_state[key].picked
        if picked is not None:
            on_pick(int(picked))

    strip(key=key, data=_describe_samples(), on_picked_change=callback(handle_pick))


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
