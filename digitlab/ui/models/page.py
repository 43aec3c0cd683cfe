"""The Models page: the shipped and saved models, to find, compare, use, rename and delete."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from digitlab.model_store.store import list_damaged_models, list_models
from digitlab.model_store.stored_model import StoredModel
from digitlab.owners import LOCAL_OWNER
from digitlab.ui.actions import render_action_error
from digitlab.ui.frame import page_header
from digitlab.ui.models.card import render_actions, render_card, render_delete, render_mistakes
from digitlab.ui.models.import_model import render_import
from digitlab.ui.text import escape_label, render_error
from digitlab.ui.visitor import get_owner

_CSS = """
<style>
[class*="st-key-models_card_"] { gap: 0.6rem; }
[class*="st-key-models_card_"] h3 { padding: 0.2rem 0 0.6rem; }
/* The mistakes come last: nothing moves then. */
[class*="st-key-models_place_"] { min-height: 3.3rem; }
[class*="st-key-models_metrics_"] [data-testid="stMetricValue"] { font-size: 1.4rem;
  line-height: 1.3; }
@media (max-width: 640px) {
  [class*="st-key-models_metrics_"] { display: grid; grid-template-columns: 1fr 1fr; }
}
</style>
"""

# The ways to sort: by what, and whether the largest comes first.
_ORDERS: dict[str, tuple[Callable[[StoredModel], Any], bool]] = {
    "Accuracy": (lambda model: model.accuracy, True),
    "Newest": (lambda model: model.card["created"], True),
    "Size": (lambda model: model.size_bytes, False),
    "Name": (lambda model: model.label.casefold(), False),
}
_KINDS: dict[str, Callable[[StoredModel], bool]] = {
    "All": lambda model: True,
    "Digits": lambda model: model.reads_digits,
    "Images": lambda model: not model.reads_digits,
}
# So few models are found without a filter.
_MIN_FILTERED = 3


def _list_damaged() -> dict[str, str]:
    """Their owner is unknown, so visitors of a hosted app do not see them."""
    return list_damaged_models() if get_owner() == LOCAL_OWNER else {}


def render_page() -> None:
    """Render the models that match the filter, in the chosen order."""
    st.html(_CSS)
    models, damaged = list_models(viewer=get_owner()), _list_damaged()
    shown = models
    with page_header("Models"):
        if len(models) >= _MIN_FILTERED:
            shown = _filter_and_sort(models)
        else:
            caption = "Shipped and saved models, to use on the other pages and to download."
            st.caption(caption, width="content")
    render_import()
    # The others are shown beside their model.
    render_action_error(elsewhere=[*(model.id for model in models), *damaged])
    if not models and not damaged:
        st.info("There is no model. Train one on the Train page.")
    elif models and not shown:
        st.info("No model matches. Clear the filter.")
    places = []
    for model in shown:
        with st.container(border=True, key=f"models_card_{model.id}"):
            render_card(model)
            places.append((st.container(key=f"models_place_{model.id}"), model))
            render_actions(model)
    for model_id, damage in damaged.items():
        with st.container(border=True):
            st.subheader(escape_label(model_id), anchor=False)
            render_error(damage)
            render_delete(model_id, model_id)
            render_action_error(model_id)
    # Last: their test images may have to be loaded.
    for place, model in places:
        with place:
            render_mistakes(model)


def _filter_and_sort(models: list[StoredModel]) -> list[StoredModel]:
    text = st.text_input(
        "Find", key="models_find", type="search", live=True, width=220, bind="query-params",
        placeholder="Find a name or network", label_visibility="collapsed",
    )  # fmt: skip
    kind = st.selectbox(
        "Show", list(_KINDS), key="models_kind", width=110, label_visibility="collapsed",
        bind="query-params",
    )  # fmt: skip
    order = st.selectbox(
        "Sort by", list(_ORDERS), key="models_order", width=130, label_visibility="collapsed",
        bind="query-params",
    )  # fmt: skip
    found = [
        model
        for model in models
        if _KINDS[kind](model)
        and text.strip().casefold() in f"{model.label} {model.card['net']}".casefold()
    ]
    key, largest_first = _ORDERS[order]
    return sorted(found, key=key, reverse=largest_first)
