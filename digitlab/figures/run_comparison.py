"""Several runs in one chart."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from digitlab.figures.layout import lay_out
from digitlab.figures.palette import QUIET, RUNS

History = Sequence[Mapping[str, float]]

_LABELS = {"loss": ("Loss", ".4f", None), "accuracy": ("Accuracy", ".2%", ".1%")}


def run_comparison_figure(
    histories: Mapping[str, History], quantity: str, *, zoomable: bool = True
) -> go.Figure:
    """The same quantity of several runs: a colour a run, training solid, validation dashed.

    Args:
        histories: by the runs' names, in the order of the legend; one mapping an epoch.
        quantity: "loss" or "accuracy".
        zoomable: whether dragging zooms. It keeps a finger from scrolling the page.
    """
    label, hover, ticks = _LABELS[quantity]
    figure = go.Figure()
    for number, (name, history) in enumerate(histories.items()):
        colour = RUNS[number % len(RUNS)]
        has_validation = any(f"val_{quantity}" in row for row in history)
        for key, what, dash in ((quantity, "training", "solid"),
                                (f"val_{quantity}", "validation", "dash")):  # fmt: skip
            # The legend shows the line that counts.
            points = [(k, row[key]) for k, row in enumerate(history, start=1) if key in row]
            figure.add_scatter(
                x=[k for k, _ in points],
                y=[value for _, value in points],
                mode="lines+markers" if len(points) == 1 else "lines",
                name=name,
                legendgroup=name,
                showlegend=what == ("validation" if has_validation else "training"),
                line={"color": colour, "width": 2, "dash": dash},
                # Where there is validation, it is what counts.
                opacity=0.45 if what == "training" and has_validation else 1,
                hovertemplate=f"{name}, {what} %{{y:{hover}}}<extra></extra>",
            )
    lay_out(
        figure,
        f"{label} of the runs: validation dashed, training solid",
        height_px=380,
        top_px=44,
        right_px=4,
        hovermode="x unified",
        dragmode="zoom" if zoomable else False,
        legend={"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "title": None},
        xaxis={
            "title": {"text": "Epoch", "font": {"size": 12}},
            "tickformat": "d",
            "dtick": 1 if max(map(len, histories.values()), default=0) <= 12 else None,
            "showgrid": False,
            "fixedrange": not zoomable,
        },
        yaxis={
            "title": {"text": label, "font": {"size": 12}},
            "tickformat": ticks,
            "gridcolor": QUIET,
            "gridwidth": 0.4,
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
        },
    )
    return figure


def describe_run_comparison(histories: Mapping[str, History], quantity: str) -> str:
    """The same in words: where each run ended."""
    ends = []
    for name, history in histories.items():
        key = f"val_{quantity}" if history and f"val_{quantity}" in history[-1] else quantity
        if history and key in history[-1]:
            ends.append(f"{name} {history[-1][key]:.4f} after {len(history)} epochs")
    return f"{_LABELS[quantity][0]} of the runs at their end: {', '.join(ends) or 'none yet'}."
