"""Training curves: loss, accuracy and learning rate by epoch, of one run or several."""

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from digitlab.figures.theme import MUTED, TRAINING, VALIDATION, VALUE_AXIS, apply_theme
from digitlab.quantities import format_count

# One mapping for each epoch, with the keys of Keras's CSV log.
History = Sequence[Mapping[str, float]]
# Means over a few batches; `epoch` is a fraction: 2.5 is the middle of the third.
BatchCurve = Sequence[Mapping[str, float]]

QUANTITIES = {
    "loss": ("Loss", ".4f", None),
    "accuracy": ("Accuracy", ".2%", ".1~%"),
    "learning_rate": ("Learning rate", ".2e", "~g"),
}
_LINES: dict[str, dict[str, object]] = {
    "training": {"color": TRAINING, "width": 2.2},
    "validation": {"color": VALIDATION, "width": 2, "dash": "dash"},
    "rate": {"color": MUTED, "width": 2},
}
# Batches are noisy: behind the epochs, fainter.
BATCH_OPACITY = 0.5
# More markers would overlap.
MAX_MARKED = 30
SWITCH_LABEL = "fine-tuning"
# From bottom to top: learning rate, accuracy, loss.
_DOMAINS_WITH_RATE = {"loss": (0.63, 1.0), "accuracy": (0.23, 0.57), "learning_rate": (0.0, 0.13)}
_DOMAINS_WITHOUT_RATE = {"loss": (0.54, 1.0), "accuracy": (0.0, 0.44)}


def training_curves_figure(
    history: History,
    batches: BatchCurve = (),
    *,
    best_epoch: int | None = None,
    switch_epoch: int | None = None,
    n_epochs: int | None = None,
    zoomable: bool = True,
) -> go.Figure:
    """Draw loss, accuracy and learning rate below one another; validation is dashed.

    Args:
        history: one mapping for each epoch with `loss` and `accuracy`, optionally `val_loss`,
            `val_accuracy` and `learning_rate`.
        batches: a thin line behind the epochs: `epoch` (a fraction), `loss`, `accuracy`.
        best_epoch: the epoch to mark, from 1; None marks nothing.
        switch_epoch: the last epoch with a frozen base, after which fine-tuning begins.
        n_epochs: planned number of epochs, the end of the axis.
        zoomable: whether dragging zooms; on a touch screen that prevents scrolling.
    """
    has_rate = any("learning_rate" in row for row in history)
    domains = _DOMAINS_WITH_RATE if has_rate else _DOMAINS_WITHOUT_RATE
    figure = go.Figure()
    for number, (quantity, domain) in enumerate(domains.items(), start=1):
        axis = "" if number == 1 else str(number)
        label, _, ticks = QUANTITIES[quantity]
        figure.add_traces(_draw_quantity(quantity, history, batches, f"y{axis}"))
        scale = compute_scale(quantity, history, batches)
        figure.update_layout({f"yaxis{axis}": _build_y_axis(label, domain, ticks, scale)})
    if best_epoch is not None and 1 <= best_epoch <= len(history):
        is_late = best_epoch > (len(history) + 1) / 2
        _mark(figure, best_epoch, f"best: epoch {best_epoch}", is_left=is_late, top=1.0)
    if switch_epoch is not None:
        # Below the other label.
        _mark(figure, switch_epoch, SWITCH_LABEL, is_left=False, top=0.95)
    _apply_layout(figure, len(domains), n_epochs or len(history), zoomable=zoomable)
    return figure


def describe_training_curves(
    history: History, best_epoch: int | None = None, switch_epoch: int | None = None
) -> str:
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
    switch = f" Fine-tuning follows epoch {switch_epoch}." if switch_epoch else ""
    return f"After {format_count(len(history), 'epoch')}: {', '.join(parts)}.{best}{switch}"


def compute_scale(
    quantity: str, history: History, batches: BatchCurve = ()
) -> tuple[float, float, float]:
    """The axis of one quantity: its ends and the distance of its ticks, all round numbers.

    An accuracy stays within 0 and 1, a loss and a learning rate above 0, however few points.
    """
    keys = (quantity, f"val_{quantity}")
    values = [row[key] for row in (*history, *batches) for key in keys if key in row]
    values = [value for value in values if math.isfinite(value)]
    if quantity == "learning_rate":
        # From 0, so that a constant rate is not drawn on an arbitrary scale.
        return _round_scale(0.0, 1.1 * max(values, default=0.0) or 1.0, n_ticks=2)
    if not values:
        return 0.0, 1.0, 0.5
    low, high = min(values), max(values)
    # A single value, or a flat line, is drawn in the middle of an axis.
    margin = max(0.0, 0.04 * (high or 1.0) - (high - low)) / 2
    highest = 1.0 if quantity == "accuracy" else math.inf
    return _round_scale(max(0.0, low - margin), min(highest, high + margin), n_ticks=5)


def _round_scale(low: float, high: float, *, n_ticks: int) -> tuple[float, float, float]:
    """Widen a range to multiples of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / n_ticks))
    step = next(power * k for k in (1, 2, 5, 10) if power * k * n_ticks >= (high - low) * 0.999)
    ends = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    # Labels show every digit: 0.3, not 0.30000000000000004.
    first, last = (float(f"{end:.12g}") for end in ends)
    return first, last, float(f"{step:.12g}")


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
    points = [(row["epoch"], row[quantity]) for row in batches if quantity in row]
    if points:
        batch_line = go.Scatter(
            x=[epoch for epoch, _ in points],
            y=[value for _, value in points],
            yaxis=axis,
            mode="lines",
            name="batches",
            line={"color": TRAINING, "width": 1},
            opacity=BATCH_OPACITY,
            showlegend=False,
            hoverinfo="skip",
        )
        lines.insert(0, batch_line)
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
        mode="lines+markers" if len(points) <= MAX_MARKED else "lines",
        name=name,
        line=line,
        marker={"size": 5},
        # One legend entry: the colours mean the same on each axis.
        showlegend=quantity == "loss" and bool(points),
        legendgroup=name,
        hovertemplate=f"{name} %{{y:{QUANTITIES[quantity][1]}}}<extra></extra>",
    )


def _mark(figure: go.Figure, epoch: int, label: str, *, is_left: bool, top: float) -> None:
    """Draw a thin vertical line through all axes, with a label on one side of it.

    Args:
        top: height of the label, as a fraction of the chart.
    """
    figure.add_shape(
        type="line",
        xref="x",
        yref="paper",
        x0=epoch,
        x1=epoch,
        y0=0,
        y1=1,
        line={"color": MUTED, "width": 1.5, "dash": "dot"},
    )
    figure.add_annotation(
        x=epoch,
        y=top,
        xref="x",
        yref="paper",
        text=label,
        showarrow=False,
        xanchor="right" if is_left else "left",
        yanchor="top",
        xshift=-4 if is_left else 4,
        font={"size": 12},
    )


def _build_y_axis(
    label: str,
    domain: tuple[float, float],
    ticks: str | None,
    scale: tuple[float, float, float],
) -> dict[str, object]:
    low, high, step = scale
    # The line at the upper end would be cut otherwise.
    slack = 0.02 * (high - low)
    return {
        "range": [low - slack, high + slack],
        "tick0": low,
        "dtick": step,
        "domain": domain,
        "anchor": "x",
        "title": {"text": label, "font": {"size": 12}, "standoff": 10},
        "tickformat": ticks,
        "automargin": True,
        **VALUE_AXIS,
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
