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
# On a photo, which is shown in grey, grey would not stand out.
_PHOTO_SCALE = [
    [0.0, "rgba(199, 127, 26, 0.85)"],
    [0.5, "rgba(199, 127, 26, 0.0)"],
    [0.5, "rgba(47, 93, 155, 0.0)"],
    [1.0, "rgba(47, 93, 155, 0.85)"],
]


def occlusion_figure(
    weights: np.ndarray, image: np.ndarray, class_name: int | str, *, height_px: int = 300
) -> go.Figure:
    """Draw the saliency of each pixel over the photo, or under the outline of the digit.

    Args:
        weights: `(h, w)`, one class of `compute_occlusion`.
        image: uint8, `(h, w)` with ink 255, or a photo `(h, w, 3)`.
        class_name: of the class that the saliency is about.
    """
    is_photo = image.ndim == 3
    name = escape_text(str(class_name))
    highest = max(float(np.abs(weights).max()), 1e-6)
    heat = go.Heatmap(
        z=weights,
        zmin=-highest,
        zmax=highest,
        colorscale=_PHOTO_SCALE if is_photo else _SCALE,
        showscale=False,
        hovertemplate=f"covered here, {name} loses %{{z:.1%}}<extra></extra>",
    )
    hidden = {"visible": False, "fixedrange": True}
    figure = go.Figure([_draw_photo(image), heat] if is_photo else [heat, _draw_outline(image)])
    apply_theme(
        figure,
        f"Saliency for {name}",
        height_px=height_px,
        xaxis=hidden | {"scaleanchor": "y"},
        yaxis=hidden | {"autorange": "reversed"},
        showlegend=False,
    )
    return figure


def _draw_outline(image: np.ndarray) -> go.Contour:
    return go.Contour(
        z=image,
        contours={"start": 100, "end": 100, "size": 1, "coloring": "none"},
        line={"color": "rgba(128, 132, 140, 0.9)", "width": 2},
        showscale=False,
        hoverinfo="skip",
    )


def _draw_photo(image: np.ndarray) -> go.Image:
    grey = image.mean(axis=2, keepdims=True).repeat(3, axis=2).round().astype(np.uint8)
    return go.Image(z=grey, hoverinfo="skip")
