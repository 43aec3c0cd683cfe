"""The choice between the parts of a page."""

from collections.abc import Mapping
from typing import Any

import streamlit as st


def choose_part(label: str, parts: Mapping[str, str], **widget: Any) -> str:
    """Buttons in a row, one of which is pressed.

    Args:
        label: what is chosen, for those who cannot see it.
        parts: what each is called, by its id.
        widget: of `st.segmented_control`, its key for example.
    Returns:
        The id of the pressed one.
    """
    chosen = st.segmented_control(
        label,
        list(parts),
        format_func=parts.__getitem__,
        required=True,
        label_visibility="collapsed",
        **widget,
    )
    return str(chosen)
