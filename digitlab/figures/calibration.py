"""Whether confidence can be trusted, and what a threshold gains."""

import numpy as np
import plotly.graph_objects as go

from digitlab.figures.theme import CORRECT, INK_BLUE, MUTED, VALIDATION, WRONG, apply_theme

_HEIGHT_PX = 320


def reliability_figure(
    confidences: np.ndarray, accuracies: np.ndarray, counts: np.ndarray
) -> go.Figure:
    """Share right against confidence; on the diagonal the confidence can be taken at its word.

    Args:
        confidences, accuracies: `(bins,)` means; NaN where a bin is empty.
        counts: `(bins,)`.
    """
    full = counts > 0
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": MUTED, "dash": "dot", "width": 1.5},
        hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=confidences[full],
        y=accuracies[full],
        customdata=counts[full],
        mode="lines+markers",
        line={"color": INK_BLUE, "width": 2},
        marker={"size": 6 + 3 * np.log10(counts[full])},
        hovertemplate="%{x:.1%} sure: %{y:.1%} right, of %{customdata:,}<extra></extra>",
    )
    _lay_out(figure, "How sure it is, and how often it is right then", "Confidence", "Share right")
    figure.update_xaxes(range=[0, 1.03], tickformat=".0%")
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%")
    return figure


def describe_reliability(
    confidences: np.ndarray, accuracies: np.ndarray, counts: np.ndarray
) -> str:
    """The same in words."""
    parts = [
        f"{confidences[k]:.0%} sure, {accuracies[k]:.0%} right ({int(counts[k]):,} digits)"
        for k in np.flatnonzero(counts)
    ]
    return "Confidence against the share of right answers: " + "; ".join(parts) + "."


def histogram_figure(edges: np.ndarray, right: np.ndarray, wrong: np.ndarray) -> go.Figure:
    """How many answers are how confident, right and wrong; the count on a logarithmic axis.

    Args:
        edges: `(bins + 1,)`.
        right, wrong: `(bins,)` counts.
    """
    middles, width = (edges[:-1] + edges[1:]) / 2, float(edges[1] - edges[0])
    figure = go.Figure()
    for counts, name, colour in ((right, "right", CORRECT), (wrong, "wrong", WRONG)):
        figure.add_bar(
            x=middles, y=np.where(counts > 0, counts, np.nan), name=name, width=width * 0.45,
            offset=-width * 0.45 if name == "right" else 0.0, marker={"color": colour},
            hovertemplate=f"about %{{x:.0%}} sure: %{{y:,}} {name}<extra></extra>",
        )  # fmt: skip
    _lay_out(figure, "How many answers are how sure", "Confidence", "Answers (logarithmic)")
    figure.update_layout(
        showlegend=True,
        margin={"t": 60},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(type="log", dtick=1, rangemode="normal")
    return figure


def describe_histogram(edges: np.ndarray, right: np.ndarray, wrong: np.ndarray) -> str:
    """The same in words."""
    surest = f"{int(right[-1]):,} right and {int(wrong[-1]):,} wrong answers"
    return f"Of the answers at least {edges[-2]:.0%} sure there are {surest}."


def coverage_figure(
    coverages: np.ndarray, accuracies: np.ndarray, chosen: tuple[float, float] | None
) -> go.Figure:
    """Accuracy of the answers given against the share of digits answered.

    Args:
        coverages, accuracies: `(n,)`, coverage rising.
        chosen: where the threshold is; None where nothing is answered.
    """
    keep = np.unique(np.linspace(0, len(coverages) - 1, 400).astype(int))
    figure = go.Figure(
        go.Scatter(
            x=coverages[keep], y=accuracies[keep], mode="lines",
            line={"color": INK_BLUE, "width": 2},
            hovertemplate="%{x:.1%} answered: %{y:.2%} right<extra></extra>",
        )
    )  # fmt: skip
    if chosen is not None:
        figure.add_scatter(
            x=[chosen[0]], y=[chosen[1]], mode="markers", hoverinfo="skip",
            marker={"size": 13, "color": VALIDATION},
        )  # fmt: skip
    _lay_out(
        figure,
        "The fewer it answers, the more of its answers are right",
        "Digits answered",
        "Answers right",
    )
    low = float(accuracies[len(accuracies) // 20 :].min(initial=1.0))
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(range=[low - (1 - low) * 0.3 - 1e-4, 1 + (1 - low) * 0.1], tickformat=".2%")
    return figure


def _lay_out(figure: go.Figure, title: str, x_title: str, y_title: str) -> None:
    axis = {"fixedrange": True, "gridcolor": MUTED, "gridwidth": 0.4, "zeroline": False,
            "automargin": True}  # fmt: skip
    apply_theme(
        figure,
        title,
        height_px=_HEIGHT_PX,
        right_px=4,
        dragmode=False,
        showlegend=False,
        xaxis=axis | {"title": {"text": x_title, "font": {"size": 12}}},
        yaxis=axis | {"title": {"text": y_title, "font": {"size": 12}}},
    )
