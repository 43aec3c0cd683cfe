"""What all figures share: a quiet title, no margins but for it, the page's own background."""

from typing import Any

import plotly.graph_objects as go

# Every chart of the app is shown with this configuration: no toolbar that covers the title.
PLOTLY_CONFIG = {"displayModeBar": False}

INK_BLUE = "#2f5d9b"
# Legible on light and on dark paper.
MUTED = "rgba(128, 132, 140, 0.45)"
TRANSPARENT = "rgba(0, 0, 0, 0)"

# Lines are thinner than bars: a lighter ink-blue, so that they stand out on dark paper too.
TRAINING = "#4479bd"
VALIDATION = "#c77f1a"
CORRECT = "#3c8d5a"
WRONG = "#c0473d"
# Runs beside one another: told apart by the colour-blind as well, through lightness.
RUNS = ("#4479bd", "#d59a3a", "#2f7d6b", "#c0473d", "#9b7fc9", "#7a5a3c", "#59a9c9", "#8a8d94")
# The ten digits: colours of equal weight, told apart by most colour-blind people (Okabe and Ito
# 2008, with two in between).
DIGITS = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9",
    "#d55e00", "#a39a1e", "#7b5ea7", "#8c6d46", "#7f8791",
)  # fmt: skip


def apply_theme(
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
