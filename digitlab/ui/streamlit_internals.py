"""The private parts of Streamlit that the pages need, in one file.

Each has a test in `tests/app/test_streamlit_internals.py` that fails when Streamlit changes it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

P = ParamSpec("P")


def callback(action: Callable[P, object], *, whole_page: bool = False) -> Callable[P, None]:
    """Wrap an action for use as a widget's callback. Every callback of the pages is wrapped.

    Streamlit aborts a callback at its next access to the session state when the browser has
    requested another rerun meanwhile. The click would be lost, or half of it carried out.

    Args:
        action: called with the arguments that the widget passes.
        whole_page: rerun the whole page afterwards, also from within a fragment or dialog.
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
    """Postpone reruns requested by the browser until the block has ended.

    `st.rerun` inside the block works as usual.

    Raises:
        RuntimeError: no page is running.
    """
    context = get_script_run_ctx()
    if context is None:
        raise RuntimeError("Reruns can be deferred only while Streamlit runs a page.")
    # There is no public switch for this. The script runner checks `_execing` before it honours a
    # request; it is reachable only through the callback that it gave to the session state.
    runner = context.session_state._yield_callback.__self__  # type: ignore[attr-defined]
    before, runner._execing = runner._execing, False
    try:
        yield
    finally:
        runner._execing = before


def count_sessions() -> int:
    """How many browsers are connected to this server."""
    if not runtime.exists():
        return 0
    # Streamlit itself publishes this number, but only as text at `/_stcore/metrics`.
    return runtime.get_instance()._session_mgr.num_active_sessions()


def measure_uploads(session_id: str) -> tuple[int, int]:
    """How many bytes of memory uploaded files take: those of a session, and of all sessions."""
    if not runtime.exists():
        return 0, 0
    # Streamlit bounds the size of a file, and not how many files a session may send.
    manager: Any = runtime.get_instance()._uploaded_file_mgr
    sizes = {
        session: sum(len(file.data) for file in list(files.values()))
        for session, files in list(manager.file_storage.items())
    }
    return sizes.get(session_id, 0), sum(sizes.values())


def is_page_running() -> bool:
    """Whether this thread runs a page, not the server."""
    return get_script_run_ctx(suppress_warning=True) is not None


def is_history_navigation() -> bool:
    """Whether this run was started by the browser's Back or Forward button.

    Only then does the URL carry something new. In other runs it may be older than the last
    click, and applying it would undo that click.
    """
    # The flag has no public counterpart: `st.query_params` does not say why it changed.
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
