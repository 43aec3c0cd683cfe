"""The styles of the Evaluate page."""

import streamlit as st

from digitlab.figures.theme import CORRECT, WRONG

_CSS = f"""
<style>
.st-key-evaluate_metrics {{ gap: 0.5rem 1.6rem; flex-wrap: wrap; }}
.st-key-evaluate_metrics [data-testid="stMetricValue"] {{ font-size: 1.6rem; }}
.st-key-evaluate_view {{ max-width: 100%; }}
.st-key-evaluate_filters > *, .st-key-evaluate_filters_more > * {{ min-width: 8rem; }}
.st-key-evaluate_cell_grid_container {{ max-height: 24rem; overflow-y: auto; padding: 2px; }}
.evaluate-count {{ font-size: 1.1rem; font-weight: 500; }}
.evaluate-large {{ width: min(100%, 15rem); aspect-ratio: 1; image-rendering: pixelated;
  border-radius: 0.5rem; border: 1px solid light-dark(#ddd6c9, #3d4046); display: block; }}
.evaluate-verdict {{ font-size: 1.2rem; border-left: 4px solid; padding-left: 0.6rem; }}
.evaluate-right {{ border-color: {CORRECT}; }}
.evaluate-wrong {{ border-color: {WRONG}; }}
.evaluate-row {{ display: flex; flex-wrap: wrap; gap: 0.35rem; align-items: center; }}
.evaluate-row > span {{ min-width: 7rem; font-size: 0.9rem; }}
.evaluate-row img {{ width: 3rem; height: 3rem; image-rendering: pixelated;
  border-radius: 0.2rem; border: 1px solid light-dark(#ddd6c9, #3d4046); }}
.evaluate-levels {{ display: flex; gap: 0.4rem; overflow-x: auto; padding-bottom: 0.4rem; }}
.evaluate-levels figure {{ margin: 0; text-align: center; flex: 0 0 3.6rem; font-size: 0.8rem; }}
.evaluate-levels img {{ width: 3.6rem; height: 3.6rem; image-rendering: pixelated;
  border-radius: 0.2rem; border: 1px solid light-dark(#ddd6c9, #3d4046); }}
.evaluate-levels b {{ border-bottom: 2px solid; }}
@media (max-width: 640px) {{
  .st-key-evaluate_metrics {{ gap: 0.3rem 1rem; }}
  .st-key-evaluate_metrics [data-testid="stMetricValue"] {{ font-size: 1.3rem; }}
}}
</style>
"""


def render_evaluate_style() -> None:
    """Add the page's styles."""
    st.html(_CSS)
