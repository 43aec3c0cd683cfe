"""Do what comes next ahead, while the browser has nothing else to do."""

from collections.abc import Callable

import streamlit as st

from digitlab.ui.callbacks import callback

# Long enough for the page to be there, short enough to be done before a digit is drawn.
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


def run_when_idle(key: str, action: Callable[[], object]) -> None:
    """Do something once the page has been left alone for a moment, and in each run from then on.

    Called within a fragment: only the run of a whole page breaks off what is done for a click.

    Args:
        key: names this on its page.
        action: what is done; what it renders stands here.
    """
    seen = f"{key}_seen"
    if st.session_state.get(seen):
        action()
        return
    # Registered at each run: Streamlit compares and keeps what is the same.
    signal = st.components.v2.component("digitlab_idle_signal", js=_JS)

    def note() -> None:
        st.session_state[seen] = True

    signal(key=key, on_idle_change=callback(note))
