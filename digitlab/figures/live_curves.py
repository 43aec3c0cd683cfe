"""Training curves of a run in progress, as an ECharts option.

A plotly figure is a new element of the page whenever it changes; this chart is updated in place.
It looks like `training_curves_figure`, which draws the run once it has ended.
"""

import math
from collections.abc import Sequence
from typing import Any

from digitlab.figures.theme import DARK_LABEL, LIGHT_LABEL, MUTED, TRAINING, VALIDATION
from digitlab.figures.training_curves import (
    BATCH_OPACITY,
    MAX_MARKED,
    QUANTITIES,
    SWITCH_LABEL,
    BatchCurve,
    History,
    compute_scale,
)

HEIGHT_PX = 430
# Top and height of each part, in pixels from the top.
_PARTS = {"loss": (64, 132), "accuracy": (214, 112), "learning_rate": (344, 44)}
_LEFT_PX, _RIGHT_PX = 58, 14
_LINES: dict[str, dict[str, Any]] = {
    "training": {"color": TRAINING, "width": 2.2},
    "validation": {"color": VALIDATION, "width": 2, "type": "dashed"},
    "learning rate": {"color": MUTED, "width": 2},
    "batches": {"color": TRAINING, "width": 1, "opacity": BATCH_OPACITY},
}
_MARKER_PX = 6

Point = tuple[float, float | None]


def build_live_curves(
    history: History,
    batches: BatchCurve,
    *,
    n_epochs: int,
    best_epoch: int | None = None,
    switch_epoch: int | None = None,
    last_epochs: int | None = None,
    is_dark: bool = False,
) -> dict[str, Any]:
    """Draw loss, accuracy and learning rate below one another; validation is dashed.

    Args:
        history: one mapping for each epoch, as `training_curves_figure` takes them.
        batches: a thin line behind the epochs; `epoch` is a fraction.
        n_epochs: planned number of epochs, the end of the axis.
        best_epoch: the epoch to mark, from 1.
        switch_epoch: the last epoch with a frozen base, after which fine-tuning begins.
        last_epochs: show only so many epochs up to now; None shows all.
        is_dark: whether the page is dark; the labels are legible on one background only.
    Returns:
        The option of `st.echarts_chart`; accuracies in it are percentages.
    """
    label = {"color": DARK_LABEL if is_dark else LIGHT_LABEL}
    first, last = _find_range(history, batches, n_epochs, last_epochs)
    history_shown = [row for number, row in enumerate(history, start=1) if number >= first]
    batches_shown = [row for row in batches if row["epoch"] >= first]
    series: list[dict[str, Any]] = []
    y_axes = []
    for number, quantity in enumerate(_PARTS):
        factor = 100 if quantity == "accuracy" else 1
        scale = compute_scale(quantity, history_shown, batches_shown)
        scaled = [float(f"{factor * end:.12g}") for end in scale]
        y_axes.append(_build_y_axis(number, quantity, scaled, label))
        series += _build_series(number, quantity, history, batches, factor)
    marks = []
    if best_epoch is not None and first <= best_epoch:
        is_late = best_epoch > (first + len(history)) / 2
        marks.append(_build_mark(best_epoch, f"best: epoch {best_epoch}", is_left=is_late))
    if switch_epoch is not None and first <= switch_epoch:
        marks.append(_build_mark(switch_epoch, SWITCH_LABEL, is_left=False, is_lower=True))
    if marks:
        _add_marks(series, marks)
    return {
        "title": {
            "text": "Training curves", "left": 0, "top": 4,
            "textStyle": {"fontSize": 13, "fontWeight": 600},
        },
        "legend": {
            "data": ["training", "validation"], "left": 0, "top": 26, "itemHeight": 8,
            "textStyle": label,
        },
        "grid": [
            {
                "left": _LEFT_PX, "right": _RIGHT_PX, "top": top, "height": height,
                # The parts stay aligned, however wide their labels are.
                "containLabel": False, "outerBoundsMode": "none",
            }
            for top, height in _PARTS.values()
        ],
        "xAxis": [_build_x_axis(number, first, last, label) for number in range(len(_PARTS))],
        "yAxis": y_axes,
        "series": series,
        "tooltip": {"trigger": "axis"},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        # New points glide in; the first ones are there at once.
        "animationDuration": 0,
        "animationDurationUpdate": 300,
    }  # fmt: skip


def _find_range(
    history: History, batches: BatchCurve, n_epochs: int, last_epochs: int | None
) -> tuple[int, int]:
    """The ends of the horizontal axis, in epochs."""
    if last_epochs is None:
        return 0, max(n_epochs, len(history), 1)
    now = max(len(history), math.ceil(batches[-1]["epoch"]) if batches else 0, last_epochs)
    return now - last_epochs, now


def _build_series(
    number: int, quantity: str, history: History, batches: BatchCurve, factor: int
) -> list[dict[str, Any]]:
    """The lines of one part; each appears under the same id in every update."""
    behind = [(row["epoch"], row[quantity]) for row in batches if quantity in row]
    if quantity == "learning_rate":
        # Known for every batch: the epochs alone would miss most of a schedule.
        points = behind or _list_points(history, quantity)
        return [_build_line(number, "learning rate", points, factor)]
    return [
        _build_line(number, "batches", behind, factor),
        _build_line(number, "training", _list_points(history, quantity), factor),
        _build_line(number, "validation", _list_points(history, f"val_{quantity}"), factor),
    ]


def _list_points(history: History, key: str) -> list[tuple[float, float]]:
    return [(number, row[key]) for number, row in enumerate(history, start=1) if key in row]


def _build_line(
    number: int, name: str, points: Sequence[tuple[float, float]], factor: int
) -> dict[str, Any]:
    is_secondary = name in ("batches", "learning rate")
    # A line of one point is invisible without its marker.
    is_marked = len(points) == 1 if is_secondary else len(points) <= MAX_MARKED
    return {
        "id": f"{name} {number}",
        "name": name,
        "type": "line",
        "xAxisIndex": number,
        "yAxisIndex": number,
        "data": [(x, factor * y if math.isfinite(y) else None) for x, y in points],
        "lineStyle": _LINES[name],
        "itemStyle": {"color": _LINES[name]["color"]},
        "showSymbol": is_marked,
        "symbol": "circle",
        "symbolSize": _MARKER_PX,
        "clip": True,
        "silent": is_secondary,
        "z": 1 if is_secondary else 2,
        "tooltip": _build_tooltip(name, factor),
    }


def _build_tooltip(name: str, factor: int) -> dict[str, Any]:
    if name == "batches":
        return {"show": False}
    if name == "learning rate":
        return {"valueFormatter": "%.2e"}
    return {"valueFormatter": "%.2f %%" if factor == 100 else "%.4f"}


def _build_x_axis(number: int, first: int, last: int, label: dict[str, str]) -> dict[str, Any]:
    is_bottom = number == len(_PARTS) - 1
    axis: dict[str, Any] = {
        "type": "value",
        "gridIndex": number,
        "min": first,
        "max": last,
        "minInterval": 1,
        "splitLine": {"show": False},
        "axisLabel": {"show": is_bottom, **label},
        "nameTextStyle": label,
        "axisTick": {"show": is_bottom},
        "axisLine": {"show": is_bottom, "onZero": False},
    }
    if last - first <= 12:
        axis["interval"] = 1
    if is_bottom:
        axis |= {"name": "Epoch", "nameLocation": "middle", "nameGap": 24}
    return axis


def _build_y_axis(
    number: int, quantity: str, scale: Sequence[float], label: dict[str, str]
) -> dict[str, Any]:
    low, high, step = scale
    return {
        "type": "value",
        "gridIndex": number,
        "name": QUANTITIES[quantity][0],
        "nameLocation": "middle",
        "nameGap": 44,
        "min": low,
        "max": high,
        "interval": step,
        "axisLabel": label | ({"formatter": "{value}%"} if quantity == "accuracy" else {}),
        "nameTextStyle": label,
        "splitLine": {"lineStyle": {"color": MUTED, "width": 0.4}},
    }


def _build_mark(epoch: int, label: str, *, is_left: bool, is_lower: bool = False) -> dict[str, Any]:
    """A thin vertical line with a label on the side of it that has room."""
    return {
        "xAxis": epoch,
        "label": {
            "formatter": label,
            "position": "end",
            "rotate": 0,
            "distance": -12 if is_lower else 2,
            "align": "right" if is_left else "left",
        },
    }


def _add_marks(series: Sequence[dict[str, Any]], marks: list[dict[str, Any]]) -> None:
    """Draw vertical lines through loss and accuracy, with their labels at the top."""
    for line in series:
        if line["name"] != "training":
            continue
        is_top = line["xAxisIndex"] == 0
        line["markLine"] = {
            "silent": True,
            "symbol": "none",
            "animation": False,
            "lineStyle": {"color": MUTED, "width": 1.5, "type": "dotted"},
            "data": [mark | {"label": mark["label"] | {"show": is_top}} for mark in marks],
        }
