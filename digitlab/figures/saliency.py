"""Where the ink is that an answer rests on."""

import numpy as np
import plotly.graph_objects as go

from digitlab.figures.theme import apply_theme

_SCALE = [
    [0.0, "rgba(128, 132, 140, 0.95)"],
    [0.5, "rgba(128, 132, 140, 0.0)"],
    [1.0, "rgba(47, 93, 155, 0.95)"],
]


def occlusion_figure(weights: np.ndarray, image: np.ndarray, digit: int | str) -> go.Figure:
    """The digit's outline over the weight of each place.

    Args:
        weights: `(28, 28)` from `compute_occlusion`.
        image: `(28, 28)` uint8, ink 255.
        digit: the answer that was watched, or its class's name.
    """
    reach = max(float(np.abs(weights).max()), 1e-6)
    heat = go.Heatmap(
        z=weights,
        zmin=-reach,
        zmax=reach,
        colorscale=_SCALE,
        showscale=False,
        hovertemplate=f"covered here, {digit} loses %{{z:.1%}}<extra></extra>",
    )
    outline = go.Contour(
        z=image,
        contours={"start": 100, "end": 100, "size": 1, "coloring": "none"},
        line={"color": "rgba(128, 132, 140, 0.9)", "width": 2},
        showscale=False,
        hoverinfo="skip",
    )
    hidden = {"visible": False, "fixedrange": True}
    figure = go.Figure([heat, outline])
    apply_theme(
        figure,
        f"What speaks for {digit}",
        height_px=300,
        xaxis=hidden | {"scaleanchor": "y"},
        yaxis=hidden | {"autorange": "reversed"},
        showlegend=False,
    )
    return figure
