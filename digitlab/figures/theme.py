"""Colours and layout that all figures share, and the configuration of the charts."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    # The Draw page uses the colours alone; it does not wait for plotly.
    import plotly.graph_objects as go

# Every chart of the app is shown with this configuration: no toolbar that covers the title.
PLOTLY_CONFIG = {"displayModeBar": False}

INK_BLUE = "#2f5d9b"
# Legible in light and in dark mode.
MUTED = "rgba(128, 132, 140, 0.45)"
# The labels of charts that styles cannot reach; elsewhere the page's style sets the same colours.
LIGHT_LABEL, DARK_LABEL = "#5d5f66", "#a9aaad"
TRANSPARENT = "rgba(0, 0, 0, 0)"
# The axis of a quantity: a faint grid, which a drag does not move.
VALUE_AXIS = {"fixedrange": True, "gridcolor": MUTED, "gridwidth": 0.4, "zeroline": False}

# A lighter ink-blue for lines and bars, which stands out in dark mode too.
TRAINING = "#4479bd"
VALIDATION = "#c77f1a"
CORRECT = "#3c8d5a"
WRONG = "#c0473d"
REJECTED = "#7f8791"
# Runs in one chart: distinguishable by lightness too, for colour-blind users.
RUNS = ("#4479bd", "#d59a3a", "#2f7d6b", "#c0473d", "#9b7fc9", "#7a5a3c", "#59a9c9", "#8a8d94")
# Ten classes: a colour-blind-safe palette (Okabe and Ito 2008, with two additions).
CLASSES = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9",
    "#d55e00", "#a39a1e", "#7b5ea7", "#8c6d46", "#7f8791",
)  # fmt: skip


def apply_theme(
    figure: "go.Figure",
    title: str,
    *,
    height_px: int,
    top_px: int = 36,
    right_px: int = 0,
    **more: Any,
) -> None:
    """Set the title, the margins and a transparent background.

    Args:
        top_px: space for the title, and for a legend below it.
        right_px: space for the last tick label.
        more: other properties of plotly's layout.
    """
    figure.update_layout(
        title={"text": title, "font": {"size": 13, "weight": 400}},
        height=height_px,
        margin={"l": 0, "r": right_px, "t": top_px, "b": 0},
        paper_bgcolor=TRANSPARENT,
        plot_bgcolor=TRANSPARENT,
        **more,
    )


def parse_colour(colour: str) -> np.ndarray:
    """Red, green and blue of a colour such as `#2f5d9b`: `(3,)` uint8."""
    return np.frombuffer(bytes.fromhex(colour[1:]), np.uint8)
