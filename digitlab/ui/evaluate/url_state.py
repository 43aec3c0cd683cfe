"""What is looked at, as the page's address carries it, so that a view can be shared."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import streamlit as st

from digitlab.evaluation.gallery import GalleryQuery
from digitlab.ui.streamlit_internals import callback, is_history_navigation

VIEWS = {
    "glance": "At a glance",
    "mistakes": "Digits",
    "classes": "Per digit",
    "trust": "Trust",
    "robustness": "Robustness",
    "compare": "Compare",
    "map": "Map",
    "own": "Your own",
}
_QUERY = tuple(spec.name for spec in fields(GalleryQuery))
_NAMES = (
    "model", "view", "cell", "by", "hide", "page", "curve", "threshold", "corruption", "ladder",
    "other", "group", "kind", "digit", *_QUERY,
)  # fmt: skip
# Streamlit drops the address when its page is left; this key is ours and stays.
_KEPT = "evaluate_kept"


def load_url_state() -> None:
    """Called first at each run: take over the address, or put back what was looked at last."""
    query = st.query_params
    asked = {name: query[name] for name in _NAMES if name in query}
    if _KEPT not in st.session_state or is_history_navigation():
        st.session_state[_KEPT] = asked
        return
    kept = _get_kept()
    for name in asked.keys() - kept.keys():
        del query[name]
    query.update(kept)


def read_url_parameter(name: str) -> str | None:
    """One part of the address; None where it does not say."""
    value: str | None = _get_kept().get(name)
    return value


def update_url(**changes: str | None) -> None:
    """Change what is looked at; None takes a part away.

    Only from a callback, or before a rerun.
    """
    for name, value in changes.items():
        if value is None:
            _get_kept().pop(name, None)
            st.query_params.pop(name, None)
        else:
            _get_kept()[name] = st.query_params[name] = value


def read_view() -> str:
    """Which of `VIEWS` is looked at."""
    view = read_url_parameter("view")
    return view if view in VIEWS else "glance"


def show_view(view: str) -> None:
    """Turn to another part of the page; the gallery begins with the mistakes."""
    update_url(view=view, digit=None)
    if view == "mistakes" and read_query() == GalleryQuery():
        show_query(GalleryQuery(correct=False))


def read_query() -> GalleryQuery:
    """Which digits the gallery shows."""
    return GalleryQuery.from_params(_get_kept())


def show_query(query: GalleryQuery) -> None:
    """Show other digits in the gallery, from their first page on."""
    params = query.to_params()
    update_url(page=None, **{name: params.get(name) for name in _QUERY})


def read_number(name: str, limit: int) -> int | None:
    """A part of the address that is a whole number from 0 to below a limit, else None."""
    text = read_url_parameter(name) or ""
    # Long digits strings are nobody's index, and slow to read.
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        return None
    return int(text) if int(text) < limit else None


def control(key: str, value: Any, change: Callable[[Any], None]) -> dict[str, Any]:
    """The arguments of a widget that shows what the address says and changes it.

    Args:
        key: the widget's.
        value: what it shows.
        change: called with what was chosen instead.
    """
    st.session_state[key] = value
    return {"key": key, "on_change": callback(lambda: change(st.session_state[key]))}


def _get_kept() -> dict[str, str]:
    kept: dict[str, str] = st.session_state.setdefault(_KEPT, {})
    return kept
