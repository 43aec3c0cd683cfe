"""Which model is looked at, and in which way."""

import streamlit as st

from digitlab.shelf import DEFAULT_MODEL_ID, ShelvedModel
from digitlab.ui.evaluate.address import (
    VIEWS,
    control,
    read_address,
    read_view,
    turn_to,
    turn_to_view,
)
from digitlab.ui.parts import choose_part


def render_model_choice(models: dict[str, ShelvedModel]) -> ShelvedModel:
    """The models with their accuracy; what is to be known about the chosen one.

    Args:
        models: by their ids, at least one.
    """
    asked = read_address("model")
    if asked is not None and asked not in models:
        st.warning(f"There is no model {asked!r} on the shelf here: it was deleted, or the "
                   "address is wrong. Another one is shown.")  # fmt: skip
        asked = None
    usual = DEFAULT_MODEL_ID if DEFAULT_MODEL_ID in models else next(iter(models))
    model_id: str = st.selectbox(
        "Model",
        list(models),
        format_func=name_models(models).__getitem__,
        help="The network that is looked at, with its accuracy on test digits it never saw.",
        **control(
            "evaluate_model", asked or usual, lambda chosen: turn_to(model=chosen, digit=None)
        ),
    )
    return models[model_id]


def name_models(models: dict[str, ShelvedModel]) -> dict[str, str]:
    """What models are called in a list, with their accuracy; no two the same."""
    labels = [model.label for model in models.values()]
    return {
        key: (model.label if labels.count(model.label) == 1 else f"{model.label} ({key})")
        + f" · {model.accuracy:.2%}"
        for key, model in models.items()
    }


def render_view_choice() -> str:
    """The parts of the page; the chosen one's id."""
    return choose_part(
        "What to look at", VIEWS, **control("evaluate_view", read_view(), turn_to_view)
    )
