"""Do what comes next ahead, while the browser has nothing else to do."""

from collections.abc import Callable

import streamlit as st

from digitlab.ui.streamlit_internals import callback

# Long enough for the page to be there, short enough to be done before a digit is drawn.
_IDLE_JS = """
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

# A scroll bar that comes and goes is no other width.
_WIDTH_JS = """
export default function ({ parentElement, setStateValue }) {
  let ruler = parentElement.querySelector(".ruler");
  if (!ruler) {
    ruler = document.createElement("div");
    ruler.className = "ruler";
    parentElement.appendChild(ruler);
  }
  let wait;
  let told = 0;
  const tell = () => {
    const width = Math.floor(ruler.getBoundingClientRect().width);
    if (width > 0 && Math.abs(width - told) > 20) {
      told = width;
      setStateValue("width", width);
    }
  };
  tell();
  const observer = new ResizeObserver(() => {
    window.clearTimeout(wait);
    wait = window.setTimeout(tell, 250);
  });
  observer.observe(ruler);
  return () => { observer.disconnect(); window.clearTimeout(wait); };
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
    signal = st.components.v2.component("digitlab_idle_signal", js=_IDLE_JS)

    def note() -> None:
        st.session_state[seen] = True

    signal(key=key, on_idle_change=callback(note))


def _run_again() -> None:
    """Streamlit keeps what a component tells only if it has a callback."""


def measure_width(key: str) -> int | None:
    """The width in pixels that is free here; None until the browser has told.

    Args:
        key: names the measurement on its page.
    """
    # Registered at each run: Streamlit compares and keeps what is the same.
    ruler = st.components.v2.component(
        "digitlab_ruler", css=".ruler { width: 100%; }", js=_WIDTH_JS
    )
    result = ruler(key=key, default={"width": None}, on_width_change=callback(_run_again))
    # Kept under a key of ours: on coming back to the page it is known at once.
    kept = f"{key}_kept"
    if result.width:
        st.session_state[kept] = int(result.width)
    width: int | None = st.session_state.get(kept)
    return width
