"""A chart that changes without a blink."""

from dataclasses import dataclass, field

import plotly.graph_objects as go
import streamlit as st

# All charts lie on one another (see `style.py`); the older go once the newer has its title,
# which plotly draws last, and a moment later, because Streamlit still hides it for some frames.
_HIDE_OLDER = """
<style>
.st-key-{key}_steady:has(.st-key-{key}_{number} .gtitle) > :not(.st-key-{key}_{number}) {{
  visibility: hidden; transition: visibility 0s linear 200ms;
}}
</style>
"""
# One stands, one is being drawn, and the others for what comes meanwhile.
_SLOTS = 4


@dataclass
class _Charts:
    """The last figures with their words and numbers; the slot is the number's remainder."""

    number: int = 0
    slots: list[tuple[int, go.Figure, str] | None] = field(default_factory=lambda: [None] * _SLOTS)


def render_steady_chart(figure: go.Figure, *, key: str, alt: str, is_held: bool = False) -> None:
    """Show a figure that may be another one at the next run.

    Streamlit throws a changed chart away and builds it anew, which shows as a blink. Here the
    last figure stays where it is until the new one stands in front of it.

    Args:
        key: names the chart on its page.
        alt: the figure in words.
        is_held: leave the figure that stands, and with it a person's zoom; the first is shown.
    """
    charts = st.session_state.setdefault(f"{key}_charts", _Charts())
    newest = charts.slots[charts.number % _SLOTS]
    if newest is None or (newest[1] != figure and not is_held):
        charts.number += 1
        charts.slots[charts.number % _SLOTS] = (charts.number, figure, alt)
    with st.container(key=f"{key}_steady"):
        for chart in charts.slots:
            if chart is None:
                st.empty()
                continue
            number, last_figure, words = chart
            st.plotly_chart(
                last_figure,
                key=f"{key}_{number}",
                config={"displayModeBar": False},
                alt=words,
            )
    st.html(_HIDE_OLDER.format(key=key, number=charts.number))
