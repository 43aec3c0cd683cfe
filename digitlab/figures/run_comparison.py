"""Loss or accuracy of several runs by epoch, in one chart."""

from collections.abc import Mapping

import plotly.graph_objects as go

from digitlab.figures.theme import RUNS, VALUE_AXIS, apply_theme
from digitlab.figures.training_curves import History
from digitlab.quantities import format_count

# Label, format in the tooltip, format of the ticks.
_QUANTITIES = {"loss": ("Loss", ".4f", None), "accuracy": ("Accuracy", ".2%", ".1%")}


def run_comparison_figure(
    histories: Mapping[str, History], quantity: str, *, zoomable: bool = True
) -> go.Figure:
    """Draw one quantity of several runs: one colour for each run, validation dashed.

    Args:
        histories: by the runs' names, in the order of the legend.
        quantity: "loss" or "accuracy".
        zoomable: whether dragging zooms; on a touch screen that prevents scrolling.
    """
    label, hover, ticks = _QUANTITIES[quantity]
    figure = go.Figure()
    for number, (name, history) in enumerate(histories.items()):
        colour = RUNS[number % len(RUNS)]
        has_validation = any(f"val_{quantity}" in row for row in history)
        for key, what, dash in ((quantity, "training", "solid"),
                                (f"val_{quantity}", "validation", "dash")):  # fmt: skip
            points = [(k, row[key]) for k, row in enumerate(history, start=1) if key in row]
            figure.add_scatter(
                x=[k for k, _ in points],
                y=[value for _, value in points],
                mode="lines+markers" if len(points) == 1 else "lines",
                name=name,
                legendgroup=name,
                showlegend=what == ("validation" if has_validation else "training"),
                line={"color": colour, "width": 2, "dash": dash},
                # The validation curve matters most.
                opacity=0.45 if what == "training" and has_validation else 1,
                hovertemplate=f"{name}, {what} %{{y:{hover}}}<extra></extra>",
            )
    apply_theme(
        figure,
        f"{label} by run: validation dashed, training solid",
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
            "automargin": True,
            **VALUE_AXIS,
        },
    )
    return figure


def describe_run_comparison(histories: Mapping[str, History], quantity: str) -> str:
    """Text alternative: the last value of each run."""
    ends = []
    for name, history in histories.items():
        key = f"val_{quantity}" if history and f"val_{quantity}" in history[-1] else quantity
        if history and key in history[-1]:
            ends.append(
                f"{name} {history[-1][key]:.4f} after {format_count(len(history), 'epoch')}"
            )
    return f"{_QUANTITIES[quantity][0]} after the last epoch: {', '.join(ends) or 'none yet'}."
