"""What all figures share: a quiet title, no margins but for it, the page's own background."""

from typing import Any

import plotly.graph_objects as go

from digitlab.figures.palette import TRANSPARENT


def lay_out(
    figure: go.Figure,
    title: str,
    *,
    height_px: int,
    top_px: int = 36,
    right_px: int = 0,
    **more: Any,
) -> None:
    """Give a figure its title and frame.

    Args:
        top_px: room above the axes: for the title alone, or for a legend below it too.
        right_px: room for the last label of an axis.
        more: of plotly's layout.
    """
    figure.update_layout(
        title={"text": title, "font": {"size": 13, "weight": 400}},
        height=height_px,
        margin={"l": 0, "r": right_px, "t": top_px, "b": 0},
        paper_bgcolor=TRANSPARENT,
        plot_bgcolor=TRANSPARENT,
        **more,
    )
