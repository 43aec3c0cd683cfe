"""How well each class is read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from digitlab.figures.layout import lay_out
from digitlab.figures.palette import INK_BLUE, QUIET, VALIDATION

_MEASURES = {"precision": INK_BLUE, "recall": VALIDATION}


def per_class_figure(rows: Sequence[Mapping[str, Any]], class_names: Sequence[str]) -> go.Figure:
    """Precision and recall of each class side by side; the axis does not begin at 0.

    Args:
        rows: `per_class` of `compute_metrics`.
    """
    figure = go.Figure()
    for measure, colour in _MEASURES.items():
        figure.add_bar(
            x=list(class_names),
            y=[row[measure] for row in rows],
            name=measure.capitalize(),
            marker={"color": colour},
            hovertemplate=f"%{{x}}: {measure} %{{y:.2%}}<extra></extra>",
        )
    lowest = min((row[measure] for row in rows for measure in _MEASURES), default=0.0)
    # Round steps below the lowest bar: 99 % and 99.9 % must not look the same.
    low = max(0.0, np.floor((lowest - 0.002) * 100) / 100)
    lay_out(
        figure,
        "Precision and recall of each",
        height_px=320,
        top_px=60,
        barmode="group",
        dragmode=False,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis={"type": "category", "fixedrange": True},
        yaxis={
            "range": [low, 1.0],
            "tickformat": ".1%" if low > 0.9 else ".0%",
            "fixedrange": True,
            "gridcolor": QUIET,
            "gridwidth": 0.4,
            "automargin": True,
        },
    )
    return figure


def describe_per_class(rows: Sequence[Mapping[str, Any]], class_names: Sequence[str]) -> str:
    """The same in words."""
    parts = [
        f"{class_names[row['class']]}: precision {row['precision']:.2%}, recall {row['recall']:.2%}"
        for row in rows
    ]
    return "Precision and recall of each. " + "; ".join(parts) + "."
