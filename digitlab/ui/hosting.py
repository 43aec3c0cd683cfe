"""Whether the app serves others than the user of this computer."""

import os

import streamlit as st

_LOCAL_ADDRESSES = ("localhost", "127.0.0.1", "::1")


def is_hosted() -> bool:
    """Whether others may use this app, so that what has no limits yet is off.

    It is at home if the server listens on this computer only, as after `make run`, or if
    `DIGITLAB_HOSTING=off` says so.
    """
    if os.environ.get("DIGITLAB_HOSTING", "").lower() == "off":
        return False
    return st.get_option("server.address") not in _LOCAL_ADDRESSES
