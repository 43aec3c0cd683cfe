"""What the browser reports: that it is idle, and how wide the page is."""

from collections.abc import Callable

import streamlit as st

from digitlab.ui.streamlit_internals import callback

# Long enough for the page to load, short enough to finish before a digit is drawn.
_IDLE_JS = """
export default function ({ setTriggerValue }) {
  let timer;
  const restart = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => setTriggerValue("idle", true), 1200);
  };
  const events = ["pointerdown", "pointerup", "keydown"];
  events.forEach((name) => window.addEventListener(name, restart, true));
  restart();
  return () => {
    window.clearTimeout(timer);
    events.forEach((name) => window.removeEventListener(name, restart, true));
  };
}
"""

# Changes below 20 px are ignored: a scroll bar that appears or disappears. Streamlit drops a report
# that arrives before its fragment is rendered: it is repeated until the server knows the width,
# but not at once: a report reruns the page, in place of a link that was clicked just before it.
_WIDTH_JS = """
export default function ({ data, parentElement, setStateValue }) {
  let ruler = parentElement.querySelector(".ruler");
  if (!ruler) {
    ruler = document.createElement("div");
    ruler.className = "ruler";
    parentElement.appendChild(ruler);
  }
  // Streamlit calls this again with new data, without cleaning up.
  ruler.stop?.();
  let timer;
  let reported = data.width;
  const measure = () => Math.floor(ruler.getBoundingClientRect().width);
  const report = () => {
    const width = measure();
    window.clearTimeout(timer);
    if (width > 0 && Math.abs(width - data.width) > 20) {
      reported = width;
      setStateValue("width", width);
      timer = window.setTimeout(report, 2000);
    }
  };
  const observer = new ResizeObserver(() => {
    if (Math.abs(measure() - reported) <= 20) return;
    window.clearTimeout(timer);
    timer = window.setTimeout(report, 250);
  });
  observer.observe(ruler);
  ruler.stop = () => { observer.disconnect(); window.clearTimeout(timer); };
  if (!data.width) report();
  return ruler.stop;
}
"""


def run_when_idle(key: str, action: Callable[[], object]) -> None:
    """Call an action once the user has been idle for a second, and in every run from then on.

    Call it inside a fragment: only a run of the whole page is aborted by the next click.

    Args:
        key: identifies the signal on its page.
        action: what to do; what it renders appears here.
    """
    was_idle = f"{key}_seen"
    if st.session_state.get(was_idle):
        action()
        return
    # Registered in each run: Streamlit compares, and keeps an unchanged component.
    signal = st.components.v2.component("digitlab_idle_signal", js=_IDLE_JS)

    def remember() -> None:
        st.session_state[was_idle] = True

    signal(key=key, on_idle_change=callback(remember))


def _do_nothing() -> None:
    """Streamlit keeps a component's state only if it has a callback."""


def measure_width(key: str) -> int | None:
    """The available width in pixels; None until the browser has reported it.

    Args:
        key: identifies the measurement on its page.
    """
    # Registered in each run: Streamlit compares, and keeps an unchanged component.
    ruler = st.components.v2.component(
        "digitlab_ruler", css=".ruler { width: 100%; }", js=_WIDTH_JS
    )
    # Streamlit drops a component's state when its page is left; this key is kept, so the width
    # is known at once on return.
    kept = f"{key}_kept"
    reported = (st.session_state.get(key) or {}).get("width")
    if reported:
        st.session_state[kept] = int(reported)
    width: int | None = st.session_state.get(kept)
    ruler(key=key, data={"width": width or 0}, on_width_change=callback(_do_nothing))
    return width
