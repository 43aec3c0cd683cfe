"""Whose word counts: the address that the browser names, or what the page remembers."""

from streamlit.runtime.scriptrunner import get_script_run_ctx


def has_come_back() -> bool:
    """Whether the person has just pressed the browser's Back or Forward.

    Otherwise an address named within a visit says nothing new: where clicks follow each other
    quickly it is the one from before the last click, and to follow it would undo that click.
    """
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
