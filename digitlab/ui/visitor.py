"""For whom a session acts."""

import streamlit as st

from digitlab.owners import LOCAL_OWNER, OWNER_COOKIE, create_owner, read_signed_owner
from digitlab.ui.hosting import is_hosted

_OWNER, _HAS_COOKIE = "visitor_owner", "visitor_has_cookie"


def get_owner() -> str:
    """The owner for whom this session acts: the browser that the cookie names.

    Where no cookie arrives, as in a frame of another site, the session is an owner of its own.
    """
    if not is_hosted():
        return LOCAL_OWNER
    state = st.session_state
    if _OWNER not in state:
        owner = read_signed_owner(st.context.cookies.get(OWNER_COOKIE, ""))
        # The operator's name is in no cookie, but nothing should depend on that.
        has_cookie = owner is not None and owner != LOCAL_OWNER
        state[_OWNER] = owner if has_cookie else create_owner()
        state[_HAS_COOKIE] = has_cookie
    owner = state[_OWNER]
    assert isinstance(owner, str)
    return owner


def is_mine(owner: str) -> bool:
    """Whether this session may change what belongs to an owner."""
    return get_owner() in (owner, LOCAL_OWNER)


def is_kept_for_this_visit_only() -> bool:
    """Whether what the visitor makes cannot be found again after the page is closed."""
    return get_owner() != LOCAL_OWNER and not st.session_state[_HAS_COOKIE]
