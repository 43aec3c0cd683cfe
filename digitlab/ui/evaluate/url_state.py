"""The state of the Evaluate page, kept in its URL so that a view can be shared."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import streamlit as st

from digitlab.evaluation.gallery import GalleryQuery
from digitlab.ui.streamlit_internals import callback, is_history_navigation

# Other views lead to the gallery, so its id is known here; the page has the list of all views.
GALLERY_VIEW = "gallery"
USER_TEST_SET_VIEW = "user_test_set"

_QUERY_PARAMETERS = tuple(spec.name for spec in fields(GalleryQuery))
# Streamlit drops the URL's parameters when the page is left; this key is kept.
_PARAMETERS = "evaluate_parameters"
# Longer digit strings are no valid index, and slow to parse.
_MAX_DIGITS = 8


def load_url_state() -> None:
    """Apply the URL, or restore it after a visit to another page. Call this first in each run."""
    query = st.query_params
    if _PARAMETERS not in st.session_state or is_history_navigation():
        st.session_state[_PARAMETERS] = query.to_dict()
        return
    kept = _get_parameters()
    for name in query.to_dict().keys() - kept.keys():
        del query[name]
    query.update(kept)


def read_url_parameter(name: str) -> str | None:
    """One parameter of the URL; None if it is missing."""
    value: str | None = _get_parameters().get(name)
    return value


def read_index(name: str, length: int) -> int | None:
    """A parameter that is an index into a sequence of this length; None if it is not valid."""
    text = read_url_parameter(name) or ""
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        return None
    return int(text) if int(text) < length else None


def update_url(**changes: str | None) -> None:
    """Change parameters of the URL; None removes one.

    Only from a callback, or before a rerun.
    """
    for name, value in changes.items():
        if value is None:
            _get_parameters().pop(name, None)
            st.query_params.pop(name, None)
        else:
            _get_parameters()[name] = st.query_params[name] = value


def show_view(view_id: str) -> None:
    """Switch to another view; the gallery starts with the errors."""
    update_url(view=view_id, sample=None)
    if view_id == USER_TEST_SET_VIEW:
        # A cell of the model's own test set.
        update_url(cell=None)
    if view_id == GALLERY_VIEW and read_query() == GalleryQuery():
        update_query(GalleryQuery(correct=False))


def read_query() -> GalleryQuery:
    """The filters and the sort order of the gallery."""
    return GalleryQuery.from_params(_get_parameters())


def update_query(query: GalleryQuery) -> None:
    """Change the filters of the gallery, and go to its first page."""
    params = query.to_params()
    update_url(page=None, **{name: params.get(name) for name in _QUERY_PARAMETERS})


def show_gallery(query: GalleryQuery) -> None:
    """Switch to the gallery with these filters."""
    update_query(query)
    update_url(view=GALLERY_VIEW)


def bind_widget(key: str, value: Any, on_change: Callable[[Any], None]) -> dict[str, Any]:
    """The arguments of a widget whose value is in the URL.

    Args:
        key: the widget's key.
        value: what the widget shows.
        on_change: called with the new value when the user changes it.
    """
    st.session_state[key] = value
    return {"key": key, "on_change": callback(lambda: on_change(st.session_state[key]))}


def _get_parameters() -> dict[str, str]:
    parameters: dict[str, str] = st.session_state.setdefault(_PARAMETERS, {})
    return parameters
