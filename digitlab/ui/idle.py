"""Tell when the browser has nothing to do, so that what comes next can be fetched ahead."""

import streamlit as st

from digitlab.ui.callbacks import callback

# Long enough for the page to be there, short enough to be done before a digit is drawn. Sent
# between a click and its answer, it would have that answer made twice.
_JS = """
export default function ({ setTriggerValue }) {
  let wait;
  const begin = () => {
    window.clearTimeout(wait);
    wait = window.setTimeout(() => setTriggerValue("idle", true), 1200);
  };
  const signs = ["pointerdown", "pointerup", "keydown"];
  signs.forEach((sign) => window.addEventListener(sign, begin, true));
  begin();
  return () => {
    window.clearTimeout(wait);
    signs.forEach((sign) => window.removeEventListener(sign, begin, true));
  };
}
"""


def render_idle_signal(key: str) -> bool:
    """Say whether the page has been left alone for a moment; it runs again when so.

    Args:
        key: names the signal on its page.
    """
    seen = f"{key}_seen"
    if not st.session_state.get(seen):
        # Registered at each run: Streamlit compares and keeps what is the same.
        signal = st.components.v2.component("digitlab_idle_signal", js=_JS)

        def note() -> None:
            st.session_state[seen] = True

        signal(key=key, on_idle_change=callback(note))
    return bool(st.session_state.get(seen))
