"""Occlusion saliency: which parts of an image support a prediction."""

import numpy as np
import plotly.graph_objects as go

from digitlab.figures.class_names import escape_text
from digitlab.figures.theme import apply_theme

_SCALE = [
    [0.0, "rgba(128, 132, 140, 0.95)"],
    [0.5, "rgba(128, 132, 140, 0.0)"],
    [1.0, "rgba(47, 93, 155, 0.95)"],
]


def occlusion_figure(
    weights: np.ndarray, image: np.ndarray, class_name: int | str, *, height_px: int = 300
) -> go.Figure:
    """Draw the saliency of each pixel under the outline of the image.

    Args:
        weights: `(28, 28)` from `compute_occlusion`.
        image: `(28, 28)` uint8, ink 255.
        class_name: of the class that the saliency is about.
    """
    name = escape_text(str(class_name))
    highest = max(float(np.abs(weights).max()), 1e-6)
    heat = go.Heatmap(
        z=weights,
        zmin=-highest,
        zmax=highest,
        colorscale=_SCALE,
        showscale=False,
        hovertemplate=f"covered here, {name} loses %{{z:.1%}}<extra></extra>",
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
        f"Saliency for {name}",
        height_px=height_px,
        xaxis=hidden | {"scaleanchor": "y"},
        yaxis=hidden | {"autorange": "reversed"},
        showlegend=False,
    )
    return figure
