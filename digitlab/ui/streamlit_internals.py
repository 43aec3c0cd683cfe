"""Callbacks that are carried out whole."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

P = ParamSpec("P")


def callback(action: Callable[P, object], *, whole_page: bool = False) -> Callable[P, None]:
    """An action to be given to a widget; every one of the pages is made by this.

    Args:
        action: what is to be done.
        whole_page: afterwards all runs again, though the widget stands in a fragment or dialog.

    Streamlit breaks a callback off, wherever it uses the session's state, when the browser has
    asked for another run meanwhile: a click would be lost or half of it done.
    """

    @wraps(action)
    def call_back(*args: P.args, **kwargs: P.kwargs) -> None:
        with defer_rerun():
            action(*args, **kwargs)
        if whole_page:
            st.rerun()

    return call_back


@contextmanager
def defer_rerun() -> Iterator[None]:
    """Put off what the browser asks for until the block has ended. `st.rerun` works as ever."""
    context = get_script_run_ctx()
    if context is None:
        raise RuntimeError("Only while Streamlit runs a page.")
    # No public switch does this. The runner asks itself before each stop whether it is running.
    runner = context.session_state._yield_callback.__self__  # type: ignore[attr-defined]
    before, runner._execing = runner._execing, False
    try:
        yield
    finally:
        runner._execing = before


def is_history_navigation() -> bool:
    """Whether the person has just pressed the browser's Back or Forward.

    Otherwise an address named within a visit says nothing new: where clicks follow each other
    quickly it is the one from before the last click, and to follow it would undo that click.
    """
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
