"""A chart that changes without flicker."""

from dataclasses import dataclass, field

import plotly.graph_objects as go
import streamlit as st

from digitlab.figures.theme import PLOTLY_CONFIG

# All charts share one grid cell (see `frame.py`). The older ones are hidden once the newest has
# its title, which plotly draws last; the delay covers the frames in which Streamlit hides it.
_HIDE_OLDER = """
<style>
.st-key-{key}_steady:has(.st-key-{key}_{number} .gtitle) > :not(.st-key-{key}_{number}) {{
  visibility: hidden; transition: visibility 0s linear 200ms;
}}
</style>
"""
# One is visible, one is being drawn, and the others take figures that arrive meanwhile.
_SLOTS = 4


@dataclass
class _Charts:
    """The latest figures with their numbers and alt texts; a figure's slot is number % _SLOTS."""

    number: int = 0
    slots: list[tuple[int, go.Figure, str] | None] = field(default_factory=lambda: [None] * _SLOTS)


def render_steady_chart(figure: go.Figure, *, key: str, alt: str, is_held: bool = False) -> None:
    """Render a figure that may change in the next run.

    Streamlit removes a changed chart and builds a new one, which flickers. Here the old chart
    stays until the new one is drawn in front of it.

    Args:
        key: identifies the chart on its page.
        alt: text alternative.
        is_held: keep the current figure and the user's zoom; a first figure is still shown.
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
            number, slot_figure, slot_alt = chart
            st.plotly_chart(slot_figure, key=f"{key}_{number}", config=PLOTLY_CONFIG, alt=slot_alt)
    st.html(_HIDE_OLDER.format(key=key, number=charts.number))
