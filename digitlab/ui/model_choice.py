"""The choice of the network that reads."""

import streamlit as st

from digitlab.shelf import ShelvedModel


def render_model_choice(models: dict[str, ShelvedModel]) -> ShelvedModel:
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
