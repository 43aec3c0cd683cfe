"""Precision and recall of each class, and precision-recall curves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from digitlab.figures.class_names import build_class_axis, escape_text
from digitlab.figures.theme import MUTED, TRAINING, VALIDATION, VALUE_AXIS, apply_theme

_MEASURES = {"precision": TRAINING, "recall": VALIDATION}

# More points cannot be distinguished on a screen.
_MAX_POINTS = 400


def per_class_figure(rows: Sequence[Mapping[str, Any]], class_names: Sequence[str]) -> go.Figure:
    """Draw precision and recall of each class that is present; the axis does not start at 0.

    Args:
        rows: `per_class` of `compute_metrics`.
        class_names: of all classes, in order.
    """
    present = [row for row in rows if row["support"]]
    names = [class_names[row["class"]] for row in present]
    figure = go.Figure()
    for measure, colour in _MEASURES.items():
        figure.add_bar(
            x=list(range(len(present))),
            customdata=[escape_text(name) for name in names],
            y=[row[measure] for row in present],
            name=measure.capitalize(),
            marker={"color": colour},
            hovertemplate=f"%{{customdata}}: {measure} %{{y:.2%}}<extra></extra>",
        )
    lowest = min((row[measure] for row in present for measure in _MEASURES), default=0.0)
    # A whole percent below the lowest bar, so that 99 % and 99.9 % look different.
    low = max(0.0, np.floor((lowest - 0.002) * 100) / 100)
    apply_theme(
        figure,
        "Precision and recall by class",
        height_px=270,
        top_px=60,
        barmode="group",
        dragmode=False,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        xaxis=build_class_axis(names) | {"title": _label_axis("Class")},
        yaxis={
            "title": _label_axis("Fraction (not from 0)"),
            "range": [low, 1.0],
            "tickformat": ".1%" if low > 0.9 else ".0%",
            "fixedrange": True,
            "gridcolor": MUTED,
            "gridwidth": 0.4,
            "automargin": True,
        },
    )
    return figure


def _label_axis(text: str) -> dict[str, Any]:
    return {"text": text, "font": {"size": 12}}


def describe_per_class(rows: Sequence[Mapping[str, Any]], class_names: Sequence[str]) -> str:
    """Text alternative of the chart."""
    parts = [
        f"{class_names[row['class']]}: precision {row['precision']:.2%}, recall {row['recall']:.2%}"
        for row in rows
        if row["support"]
    ]
    return "Precision and recall by class. " + "; ".join(parts) + "."


def precision_recall_figure(
    precision: np.ndarray, recall: np.ndarray, average_precision: float, class_name: str
) -> go.Figure:
    """Draw precision against recall, zoomed into the upper right corner.

    Args:
        precision, recall: `(k,)`, recall falling to 0.
        average_precision: 0 to 1, for the title.
    """
    shown = _choose_points(precision, recall)
    precision, recall = precision[shown], recall[shown]
    line = go.Scatter(
        x=recall,
        y=precision,
        mode="lines",
        line={"color": TRAINING, "width": 2, "shape": "vh"},
        hovertemplate="recall %{x:.2%}, precision %{y:.2%}<extra></extra>",
    )
    low = float(min(precision[recall > 0.8].min(initial=1.0), 0.98))
    axis = VALUE_AXIS | {"tickformat": ".1~%", "automargin": True}
    figure = go.Figure(line)
    apply_theme(
        figure,
        f"{escape_text(class_name)} against all others: average precision {average_precision:.4f}",
        height_px=230,
        right_px=18,
        dragmode=False,
        xaxis=axis | {"title": _label_axis("Recall"),
                      "range": [0.8, 1.002]},
        yaxis=axis | {"title": _label_axis("Precision"), "range": [low - 0.01, 1.002]},
    )  # fmt: skip
    return figure


def describe_precision_recall(average_precision: float, class_name: str) -> str:
    """Text alternative of the chart."""
    return (
        f"Precision against recall for {class_name}, from 80 % recall on. "
        f"Average precision {average_precision:.4f}."
    )


def _choose_points(precision: np.ndarray, recall: np.ndarray) -> np.ndarray:
    """Indices of the points to draw: the largest steps, and others evenly spaced."""
    n = len(recall)
    if n <= _MAX_POINTS:
        return np.arange(n)
    evenly_spaced = np.linspace(0, n - 1, _MAX_POINTS // 2).astype(int)
    steps = np.argsort(-np.abs(np.diff(precision)))[: _MAX_POINTS // 4]
    return np.unique(np.concatenate([evenly_spaced, steps, steps + 1]))
