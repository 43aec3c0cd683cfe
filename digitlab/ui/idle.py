"""Tell when the browser has nothing to do, so that what comes next can be fetched ahead."""

import streamlit as st

# Long enough for the page to be there, short enough to be done before a digit is drawn.
_JS = """
export default function ({ setTriggerValue }) {
  const wait = window.setTimeout(() => setTriggerValue("idle", true), 1200);
  return () => window.clearTimeout(wait);
}
"""


def render_idle_signal(key: str) -> bool:
    """Say whether the page has been shown for a moment; until then, run again when it has.

    Args:
        key: names the signal on its page.
    """
    seen = f"{key}_seen"
    if not st.session_state.get(seen):
        # Registered at each run: Streamlit compares and keeps what is the same.
        signal = st.components.v2.component("digitlab_idle_signal", js=_JS)
        signal(key=key, on_idle_change=lambda: st.session_state.update({seen: True}))
    return bool(st.session_state.get(seen))
