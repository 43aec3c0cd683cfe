"""Choices that several pages offer: the views of a page, and the models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st

from digitlab.model_store.stored_model import StoredModel
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import shorten

# The model chosen on the Draw page; other pages choose one by setting it.
MODEL_KEY = "draw_model"
# Whether the Draw page shows the outputs of all layers.
LAYERS_KEY = "draw_layers"

R = TypeVar("R", bound=Callable[..., object])


@dataclass(frozen=True)
class View(Generic[R]):
    """One of the views of a page, chosen by a row of buttons.

    Attributes:
        id: lower_snake_case, as the URL carries it.
        label: on its button; may start with an icon.
        render: renders the view; the arguments depend on the page.
    """

    id: str
    label: str
    render: R


def get_labels(views: Sequence[View[Any]]) -> dict[str, str]:
    """The labels of views by id, as `render_segments` takes them."""
    return {view.id: view.label for view in views}


def get_view(views: Sequence[View[R]], view_id: str | None) -> View[R]:
    """The view with this id; the first one if there is none."""
    return next((view for view in views if view.id == view_id), views[0])


def render_segments(
    label: str,
    options: Mapping[str, str],
    *,
    key: str,
    on_change: Callable[[], object] | None = None,
    as_pills: bool = False,
) -> str:
    """Render a row of buttons, exactly one of which is selected; initially the first.

    Args:
        label: what is chosen, for screen readers.
        options: Markdown labels by id.
        key: identifies the widget on its page; its state is the id of the selected button.
        on_change: called when another button is selected, before the page reruns.
        as_pills: separate buttons that may wrap over several lines.
    Returns:
        The id of the selected button.
    """
    # A browser that has just rendered the buttons may send, with another widget's change, that
    # none is selected: the selection stays. Streamlit drops `key` when the page is left.
    kept, state = f"{key}_kept", st.session_state
    known = (choice for choice in (state.get(key), state.get(kept)) if choice in options)
    state[key] = state[kept] = next(known, next(iter(options)))

    def handle_change() -> None:
        if on_change is not None and state.get(key) in options:
            on_change()

    render: Callable[..., Any] = st.pills if as_pills else st.segmented_control
    chosen: str = render(
        label,
        list(options),
        format_func=options.__getitem__,
        required=True,
        label_visibility="visible" if as_pills else "collapsed",
        key=key,
        on_change=callback(handle_change),
    )
    return chosen


def render_toggle(label: str, help_text: str, **options: Any) -> bool:
    """Render a switch, and beside it the icon of its help.

    Streamlit puts the icon into the switch's label, where a touch flips the switch.

    Args:
        options: of `st.toggle`.
    """
    with st.container(horizontal=True, gap="xsmall", width="content", vertical_alignment="center"):
        is_on: bool = st.toggle(label, **options)
        st.markdown("", help=help_text, width="content")
    return is_on


def format_model_names(models: dict[str, StoredModel]) -> dict[str, str]:
    """Unique names of models with their accuracy, as plain text for a list."""
    labels = [model.label for model in models.values()]
    return {
        model_id: (
            shorten(model.label)
            if labels.count(model.label) == 1
            else f"{shorten(model.label)} ({model_id})"
        )
        + f" · {model.accuracy:.2%}"
        + " on the offline sample" * model.is_sample
        for model_id, model in models.items()
    }
