"""A chart that changes without a blink."""

from dataclasses import dataclass, field

import plotly.graph_objects as go
import streamlit as st

# All charts lie on one another (see `style.py`); the older go once the newer has its title,
# which plotly draws last.
_HIDE_OLDER = """
<style>
.st-key-{key}_steady:has(.st-key-{key}_{number} .gtitle) > :not(.st-key-{key}_{number}) {{
  visibility: hidden;
}}
</style>
"""


@dataclass
class _Charts:
    """The last two figures with their words; the newest one's number tells its slot."""

    number: int = 0
    slots: list[tuple[go.Figure, str] | None] = field(default_factory=lambda: [None, None])


def render_steady_chart(figure: go.Figure, *, key: str, alt: str) -> None:
    """Show a figure that may be another one at the next run.

    Streamlit throws a changed chart away and builds it anew, which shows as a blink. Here the
    last figure stays where it is until the new one stands in front of it.

    Args:
        key: names the chart on its page.
        alt: the figure in words.
    """
    charts = st.session_state.setdefault(f"{key}_charts", _Charts())
    newest = charts.slots[charts.number % 2]
    if newest is None or newest[0] != figure:
        charts.number += 1
        charts.slots[charts.number % 2] = (figure, alt)
    with st.container(key=f"{key}_steady"):
        for slot, chart in enumerate(charts.slots):
            if chart is None:
                st.empty()
                continue
            is_newest = charts.number % 2 == slot
            st.plotly_chart(
                chart[0],
                key=f"{key}_{charts.number if is_newest else charts.number - 1}",
                config={"displayModeBar": False},
                alt=chart[1],
            )
    st.html(_HIDE_OLDER.format(key=key, number=charts.number))
