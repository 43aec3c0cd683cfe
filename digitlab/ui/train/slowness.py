"""How slow this machine is, looked up once a while: it reads the last runs."""

import streamlit as st

from digitlab.runs import duration

# A run that has just ended changes the estimates after at most this time.
_CACHE_TTL_S = 60


@st.cache_data(ttl=_CACHE_TTL_S, show_spinner=False)
def measure_slowness() -> float:
    """As `runs.duration.measure_slowness`."""
    return duration.measure_slowness()
