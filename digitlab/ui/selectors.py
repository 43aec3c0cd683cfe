"""The choice between the parts of a page."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from digitlab.model_store.store import StoredModel
from digitlab.ui.streamlit_internals import callback


def render_segments(
    label: str,
    parts: Mapping[str, str],
    *,
    key: str,
    on_change: Callable[[], object] | None = None,
    as_pills: bool = False,
) -> str:
    """Buttons in a row, one of which is pressed; at first the first.

    Args:
        label: what is chosen, for those who cannot see it.
        parts: what each is called, by its id.
        key: names the buttons on their page; their state is the id of the pressed one.
        on_change: called when another is pressed, before the page runs again.
        as_pills: with space between them, for many that may need several lines.
    Returns:
        The id of the pressed one.
    """
    # A browser that has just put the buttons on the page may send, for something else, that none
    # is pressed: what was chosen stays. Streamlit forgets `key` when the page is left, not ours.
    kept, state = f"{key}_kept", st.session_state
    known = (choice for choice in (state.get(key), state.get(kept)) if choice in parts)
    state[key] = state[kept] = next(known, next(iter(parts)))

    def follow() -> None:
        if on_change is not None and state.get(key) in parts:
            on_change()

    show: Callable[..., Any] = st.pills if as_pills else st.segmented_control
    chosen: str = show(
        label,
        list(parts),
        format_func=parts.__getitem__,
        required=True,
        label_visibility="visible" if as_pills else "collapsed",
        key=key,
        on_change=callback(follow),
    )
    return chosen


def render_model_choice(models: dict[str, StoredModel]) -> StoredModel:
    """Show the networks with their accuracy, below that what is to be known about the chosen one.

    Args:
        models: by their ids, at least one.
    """
    model_id = st.selectbox(
        "Read by",
        list(models),
        format_func=lambda model: f"{models[model].label} · {models[model].accuracy:.2%}",
        key="draw_model",
        help="The network that reads, with its accuracy on test digits it never saw.",
    )
    for note in models[model_id].notes:
        st.caption(note)
    return models[model_id]


def format_model_names(models: dict[str, StoredModel]) -> dict[str, str]:
    """What models are called in a list, with their accuracy; no two the same."""
    labels = [model.label for model in models.values()]
    return {
        key: (model.label if labels.count(model.label) == 1 else f"{model.label} ({key})")
        + f" · {model.accuracy:.2%}"
        for key, model in models.items()
    }
