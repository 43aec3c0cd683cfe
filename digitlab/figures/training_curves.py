"""Training curves: loss, accuracy and learning rate by epoch, of one run or several."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from digitlab.figures.theme import MUTED, RUNS, TRAINING, VALIDATION, apply_theme

# One mapping for each epoch, with the keys of Keras's CSV log.
History = Sequence[Mapping[str, float]]
# Batches of the running epoch; `epoch` is a fraction: 2.5 is the middle of the third.
BatchCurve = Sequence[Mapping[str, float]]

_QUANTITIES = {
    "loss": ("Loss", ".4f", None),
    "accuracy": ("Accuracy", ".2%", ".1~%"),
    "learning_rate": ("Learning rate", ".2e", "~g"),
}
_LINES: dict[str, dict[str, object]] = {
    "training": {"color": TRAINING, "width": 2.2},
    "validation": {"color": VALIDATION, "width": 2, "dash": "dash"},
    "rate": {"color": MUTED, "width": 2},
}
# More markers would overlap.
_MAX_MARKED = 30
# From bottom to top: learning rate, accuracy, loss.
_DOMAINS_WITH_RATE = {"loss": (0.63, 1.0), "accuracy": (0.23, 0.57), "learning_rate": (0.0, 0.13)}
_DOMAINS_WITHOUT_RATE = {"loss": (0.54, 1.0), "accuracy": (0.0, 0.44)}

_LABELS = {"loss": ("Loss", ".4f", None), "accuracy": ("Accuracy", ".2%", ".1%")}


def training_curves_figure(
    history: History,
    batches: BatchCurve = (),
    *,
    best_epoch: int | None = None,
    n_epochs: int | None = None,
    zoomable: bool = True,
) -> go.Figure:
    """Draw loss, accuracy and learning rate below one another; validation is dashed.

    Args:
        history: one mapping for each epoch with `loss` and `accuracy`, optionally `val_loss`,
            `val_accuracy` and `learning_rate`.
        batches: the running epoch as a thin line: `epoch` (a fraction), `loss`, `accuracy`.
        best_epoch: the epoch to mark, from 1; None marks nothing.
        n_epochs: planned number of epochs, the end of the axis.
        zoomable: whether dragging zooms; on a touch screen that prevents scrolling.
    """
    has_rate = any("learning_rate" in row for row in history)
    domains = _DOMAINS_WITH_RATE if has_rate else _DOMAINS_WITHOUT_RATE
    figure = go.Figure()
    for number, (quantity, domain) in enumerate(domains.items(), start=1):
        axis = "" if number == 1 else str(number)
        label, _, ticks = _QUANTITIES[quantity]
        figure.add_traces(_draw_quantity(quantity, history, batches, f"y{axis}"))
        figure.update_layout({f"yaxis{axis}": _build_y_axis(label, domain, ticks)})
    if has_rate:
        # From 0, so that a constant rate is not drawn on an arbitrary scale.
        highest = max(row.get("learning_rate", 0.0) for row in history)
        figure.update_layout({f"yaxis{len(domains)}": {"range": [0, 1.2 * highest or 1.0]}})
    if best_epoch is not None and 1 <= best_epoch <= len(history):
        _mark_best(figure, history, best_epoch)
    _apply_layout(figure, len(domains), n_epochs or len(history), zoomable=zoomable)
    return figure


def describe_training_curves(history: History, best_epoch: int | None = None) -> str:
    """Text alternative of the chart."""
    if not history:
        return "Loss and accuracy by epoch; no epoch has finished yet."
    parts = []
    for quantity, label in (("loss", "loss"), ("accuracy", "accuracy")):
        for prefix, part in (("", "training"), ("val_", "validation")):
            values = [row[prefix + quantity] for row in history if prefix + quantity in row]
            if values:
                parts.append(f"{part} {label} from {values[0]:.4f} to {values[-1]:.4f}")
    best = f" The best epoch is {best_epoch}." if best_epoch else ""
    return f"After {len(history)} epochs: {', '.join(parts)}.{best}"


def _draw_quantity(
    quantity: str, history: History, batches: BatchCurve, axis: str
) -> list[go.Scatter]:
    """Build the lines of one quantity on its axis."""
    if quantity == "learning_rate":
        return [_draw_line("learning rate", quantity, history, axis, _LINES["rate"])]
    lines = [
        _draw_line("training", quantity, history, axis, _LINES["training"]),
        _draw_line("validation", f"val_{quantity}", history, axis, _LINES["validation"]),
    ]
    running = [row for row in batches if quantity in row]
    if running:
        lines.append(
            go.Scatter(
                x=[row["epoch"] for row in running],
                y=[row[quantity] for row in running],
                yaxis=axis,
                mode="lines",
                name="running epoch",
                line={"color": TRAINING, "width": 1},
                opacity=0.75,
                showlegend=False,
                hovertemplate=f"running epoch %{{y:{_QUANTITIES[quantity][1]}}}<extra></extra>",
            )
        )
    return lines


def _draw_line(
    name: str, key: str, history: History, axis: str, line: Mapping[str, object]
) -> go.Scatter:
    quantity = key.removeprefix("val_")
    points = [(number, row[key]) for number, row in enumerate(history, start=1) if key in row]
    return go.Scatter(
        x=[number for number, _ in points],
        y=[value for _, value in points],
        yaxis=axis,
        # A single epoch needs a marker to be visible.
        mode="lines+markers" if len(points) <= _MAX_MARKED else "lines",
        name=name,
        line=line,
        marker={"size": 5},
        # One legend entry: the colours mean the same on each axis.
        showlegend=quantity == "loss" and bool(points),
        legendgroup=name,
        hovertemplate=f"{name} %{{y:{_QUANTITIES[quantity][1]}}}<extra></extra>",
    )


def _mark_best(figure: go.Figure, history: History, best_epoch: int) -> None:
    """Draw a thin vertical line through all axes, with a label."""
    figure.add_shape(
        type="line",
        xref="x",
        yref="paper",
        x0=best_epoch,
        x1=best_epoch,
        y0=0,
        y1=1,
        line={"color": MUTED, "width": 1.5, "dash": "dot"},
    )
    is_late = best_epoch > (len(history) + 1) / 2
    figure.add_annotation(
        x=best_epoch,
        y=1,
        xref="x",
        yref="paper",
        text=f"best: epoch {best_epoch}",
        showarrow=False,
        xanchor="right" if is_late else "left",
        yanchor="top",
        xshift=-4 if is_late else 4,
        font={"size": 12},
    )


def _build_y_axis(label: str, domain: tuple[float, float], ticks: str | None) -> dict[str, object]:
    return {
        "domain": domain,
        "anchor": "x",
        "title": {"text": label, "font": {"size": 12}, "standoff": 10},
        "tickformat": ticks,
        "gridcolor": MUTED,
        "gridwidth": 0.4,
        "nticks": 5 if domain[1] - domain[0] > 0.2 else 3,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
    }


def _apply_layout(figure: go.Figure, n_axes: int, n_epochs: int, *, zoomable: bool) -> None:
    apply_theme(
        figure,
        "Training curves",
        height_px=470 if n_axes == 3 else 400,
        top_px=64,
        right_px=4,
        # One tooltip for all axes.
        hovermode="x unified",
        hoversubplots="axis",
        dragmode="zoom" if zoomable else False,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": None},
        xaxis={
            "title": {"text": "Epoch", "font": {"size": 12}, "standoff": 6},
            "range": [0, max(n_epochs, 1) * 1.02 + 0.1],
            "tickformat": "d",
            "dtick": 1 if n_epochs <= 12 else None,
            "hoverformat": ".3~g",
            "showgrid": False,
            "anchor": "free",
            "position": 0,
            "fixedrange": not zoomable,
        },
    )


def run_comparison_figure(
    histories: Mapping[str, History], quantity: str, *, zoomable: bool = True
) -> go.Figure:
    """Draw one quantity of several runs: one colour for each run, validation dashed.

    Args:
        histories: by the runs' names, in the order of the legend.
        quantity: "loss" or "accuracy".
        zoomable: whether dragging zooms; on a touch screen that prevents scrolling.
    """
    label, hover, ticks = _LABELS[quantity]
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
            "gridcolor": MUTED,
            "gridwidth": 0.4,
            "zeroline": False,
            "fixedrange": True,
            "automargin": True,
        },
    )
    return figure


def describe_run_comparison(histories: Mapping[str, History], quantity: str) -> str:
    """Text alternative: the last value of each run."""
    ends = []
    for name, history in histories.items():
        key = f"val_{quantity}" if history and f"val_{quantity}" in history[-1] else quantity
        if history and key in history[-1]:
            ends.append(f"{name} {history[-1][key]:.4f} after {len(history)} epochs")
    return f"{_LABELS[quantity][0]} after the last epoch: {', '.join(ends) or 'none yet'}."
