"""What the network sees, and why it answered so: shown on demand, below the answer."""

import cv2
import numpy as np
import streamlit as st

from digitlab.explain import compute_occlusion
from digitlab.figures.occlusion import occlusion_figure
from digitlab.ink import PreparedInk
from digitlab.reader import Answer, DigitReader

_SHOWN_PX = 168


def render_steps(prepared: PreparedInk) -> None:
    """The way from the drawing or picture to 28x28, in an expander."""
    expander = st.expander("What the network sees", key="draw_steps", on_change="rerun")
    if not expander.open:
        return
    with expander, st.container(horizontal=True, key="draw_steps_strip"):
        for number, step in enumerate(prepared.steps, start=1):
            st.image(
                _enlarge(step.render()),
                caption=f"{number}. {step.title}",
                width=_SHOWN_PX,
                alt=step.title,
            )


def render_why(prepared: PreparedInk, answer: Answer, reader: DigitReader) -> None:
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
