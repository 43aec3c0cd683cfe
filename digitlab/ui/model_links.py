"""Open another page with a model. Only from a callback."""

import streamlit as st

from digitlab.ui.evaluate.url_state import update_url
from digitlab.ui.selectors import LAYERS_KEY, MODEL_KEY


def open_draw_page(model_id: str, *, with_layers: bool = False) -> None:
    """Open the Draw page with a model of digits.

    Args:
        with_layers: show the outputs of all its layers.
    """
    st.session_state[MODEL_KEY] = model_id
    if with_layers:
        st.session_state[LAYERS_KEY] = True
    st.switch_page("pages/draw.py")


def open_evaluate_page(model_id: str, *, sample: int | None = None) -> None:
    """Open the Evaluate page with a model, and one of its test images if it is named."""
    update_url(model=model_id, sample=None if sample is None else str(sample))
    st.switch_page("pages/evaluate.py")
