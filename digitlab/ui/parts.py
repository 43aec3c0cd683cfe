"""The choice between the parts of a page."""

from collections.abc import Mapping
from typing import Any

import streamlit as st


def choose_part(label: str, parts: Mapping[str, str], *, key: str, **widget: Any) -> str:
    """Buttons in a row, one of which is pressed.

    Args:
        label: what is chosen, for those who cannot see it.
        parts: what each is called, by its id.
        key: names the buttons on their page.
        widget: what else `st.segmented_control` takes.
    Returns:
        The id of the pressed one.
    """
    # A browser that has just put the buttons on the page may send, for something else, that none
    # is pressed: what was chosen stays. Noted first, since a run may be broken off at the buttons.
    kept, state = f"{key}_kept", st.session_state
    if state.get(key) in parts:
        state[kept] = state[key]
    chosen: str | None = st.segmented_control(
        label,
        list(parts),
        format_func=parts.__getitem__,
        required=True,
        label_visibility="collapsed",
        key=key,
        **widget,
    )
    if chosen not in parts:
        chosen = state.get(kept)
    state[kept] = chosen if chosen in parts else next(iter(parts))
    return str(state[kept])
