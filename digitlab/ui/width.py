"""How wide the page is for this visitor: a desktop's, a phone's."""

import streamlit as st

from digitlab.ui.callbacks import callback

# A scroll bar that comes and goes is no other width.
_JS = """
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


def _run_again() -> None:
    """Streamlit keeps what a component tells only if it has a callback."""


def measure_width(key: str) -> int | None:
    """The width in pixels that is free here; None until the browser has told.

    Args:
        key: names the measurement on its page.
    """
    # Registered at each run: Streamlit compares and keeps what is the same.
    ruler = st.components.v2.component("digitlab_ruler", css=".ruler { width: 100%; }", js=_JS)
    result = ruler(key=key, default={"width": None}, on_width_change=callback(_run_again))
    # Kept under a key of ours: on coming back to the page it is known at once.
    kept = f"{key}_kept"
    if result.width:
        st.session_state[kept] = int(result.width)
    width: int | None = st.session_state.get(kept)
    return width
