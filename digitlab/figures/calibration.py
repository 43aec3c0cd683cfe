"""Calibration: reliability diagram, confidence histogram, accuracy against coverage."""

import numpy as np
import plotly.graph_objects as go

from digitlab.figures.theme import (
    CORRECT,
    MUTED,
    TRAINING,
    VALIDATION,
    VALUE_AXIS,
    WRONG,
    apply_theme,
)

_HEIGHT_PX = 260


def reliability_figure(
    confidences: np.ndarray, accuracies: np.ndarray, counts: np.ndarray
) -> go.Figure:
    """Draw accuracy against confidence; a calibrated model lies on the diagonal.

    Args:
        confidences, accuracies: `(bins,)` means; NaN if a bin is empty.
        counts: `(bins,)`.
    """
    is_filled = counts > 0
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": MUTED, "dash": "dot", "width": 1.5},
        hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=confidences[is_filled],
        y=accuracies[is_filled],
        customdata=counts[is_filled],
        mode="lines+markers",
        line={"color": TRAINING, "width": 2},
        marker={"size": 6 + 3 * np.log10(counts[is_filled])},
        hovertemplate="confidence %{x:.1%}, accuracy %{y:.1%}, "
        "%{customdata:,} images<extra></extra>",
    )
    _apply_layout(figure, "Reliability: accuracy against confidence", "Confidence", "Accuracy")
    figure.update_xaxes(range=[0, 1.03], tickformat=".0%")
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%")
    return figure


def describe_reliability(
    confidences: np.ndarray, accuracies: np.ndarray, counts: np.ndarray
) -> str:
    """Text alternative of the chart."""
    parts = [
        f"confidence {confidences[k]:.0%}, accuracy {accuracies[k]:.0%} ({int(counts[k]):,} images)"
        for k in np.flatnonzero(counts)
    ]
    return "Reliability diagram: " + "; ".join(parts) + "."


def histogram_figure(edges: np.ndarray, correct: np.ndarray, wrong: np.ndarray) -> go.Figure:
    """Draw the numbers of correct and wrong predictions by confidence, on a log scale.

    Args:
        edges: `(bins + 1,)`.
        correct, wrong: `(bins,)` counts.
    """
    centres, width = (edges[:-1] + edges[1:]) / 2, float(edges[1] - edges[0])
    figure = go.Figure()
    for counts, name, colour in ((correct, "correct", CORRECT), (wrong, "wrong", WRONG)):
        figure.add_bar(
            x=centres, y=np.where(counts > 0, counts, np.nan), name=name, width=width * 0.45,
            offset=-width * 0.45 if name == "correct" else 0.0, marker={"color": colour},
            hovertemplate=f"confidence about %{{x:.0%}}: %{{y:,}} {name}<extra></extra>",
        )  # fmt: skip
    _apply_layout(figure, "Predictions by confidence", "Confidence", "Predictions (log scale)")
    figure.update_layout(
        showlegend=True,
        margin={"t": 60},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(type="log", dtick=1, rangemode="normal")
    return figure


def describe_histogram(edges: np.ndarray, correct: np.ndarray, wrong: np.ndarray) -> str:
    """Text alternative of the chart."""
    return (
        f"Predictions with a confidence of {edges[-2]:.0%} or more: {int(correct[-1]):,} correct, "
        f"{int(wrong[-1]):,} wrong."
    )


def coverage_figure(
    coverages: np.ndarray, accuracies: np.ndarray, marked: tuple[float, float] | None = None
) -> go.Figure:
    """Draw the accuracy of the accepted predictions against the fraction that is accepted.

    Args:
        coverages, accuracies: `(n,)`, coverage rising.
        marked: coverage and accuracy at a chosen threshold; None marks nothing.
    """
    shown = np.unique(np.linspace(0, len(coverages) - 1, 400).astype(int))
    figure = go.Figure(
        go.Scatter(
            x=coverages[shown], y=accuracies[shown], mode="lines",
            line={"color": TRAINING, "width": 2},
            hovertemplate="coverage %{x:.1%}, accuracy %{y:.2%}<extra></extra>",
        )
    )  # fmt: skip
    if marked is not None:
        figure.add_scatter(
            x=[marked[0]], y=[marked[1]], mode="markers", hoverinfo="skip",
            marker={"size": 13, "color": VALIDATION},
        )  # fmt: skip
    _apply_layout(
        figure,
        "Accuracy against coverage",
        "Coverage: fraction accepted",
        "Accuracy",
    )
    low = float(accuracies[len(accuracies) // 20 :].min(initial=1.0))
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(range=[low - (1 - low) * 0.3 - 1e-4, 1 + (1 - low) * 0.1], tickformat=".2%")
    return figure


def describe_coverage(coverages: np.ndarray, accuracies: np.ndarray) -> str:
    """Text alternative of the chart."""
    shown = np.unique(np.linspace(0, len(coverages) - 1, 6).astype(int))
    parts = [f"coverage {coverages[k]:.0%}, accuracy {accuracies[k]:.2%}" for k in shown]
    return "Accuracy against coverage: " + "; ".join(parts) + "."


def _apply_layout(figure: go.Figure, title: str, x_title: str, y_title: str) -> None:
    axis = VALUE_AXIS | {"automargin": True}
    apply_theme(
        figure,
        title,
        height_px=_HEIGHT_PX,
        right_px=18,
        dragmode=False,
        showlegend=False,
        xaxis=axis | {"title": {"text": x_title, "font": {"size": 12}}},
        yaxis=axis | {"title": {"text": y_title, "font": {"size": 12}}},
    )
