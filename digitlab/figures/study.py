"""Charts of a study: its trials by epoch and by number, and what the settings matter."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from digitlab.figures.theme import (
    DARK_LABEL,
    INK_BLUE,
    LIGHT_LABEL,
    MUTED,
    TRAINING,
    VALIDATION,
    VALUE_AXIS,
    apply_theme,
)

TRIALS_HEIGHT_PX = 300
_PRUNED_OPACITY, _OPACITY = 0.25, 0.7


@dataclass(frozen=True)
class TrialCurve:
    """One trial as the charts show it.

    Attributes:
        values: of the objective after each epoch.
        best_value: None before the first epoch.
        is_complete: not pruned, not failed and not running.
    """

    number: int
    values: tuple[float, ...]
    best_value: float | None
    is_complete: bool


@dataclass(frozen=True)
class SettingAxis:
    """One setting in the parallel coordinates.

    Attributes:
        values: one for each trial.
        choices: the labels of values that are no numbers, in their order.
    """

    label: str
    values: tuple[Any, ...]
    is_log: bool = False
    choices: tuple[Any, ...] = ()
    choice_labels: tuple[str, ...] = ()


def build_trial_curves(
    trials: Sequence[TrialCurve], label: str, *, best: int | None, is_percent: bool, is_dark: bool
) -> dict[str, Any]:
    """Draw the objective of each trial by epoch, as an ECharts option: pruned trials are faint.

    Args:
        label: of the objective.
        best: the number of the best trial.
        is_percent: whether the objective is a fraction that is shown in percent.
    """
    series = []
    factor = 100 if is_percent else 1
    for trial in trials:
        is_best = trial.number == best
        colour = VALIDATION if is_best else TRAINING
        opacity = 1 if is_best else _OPACITY if trial.is_complete else _PRUNED_OPACITY
        series.append(
            {
                "id": f"trial-{trial.number}",
                "name": f"trial {trial.number}",
                "type": "line",
                "data": [
                    [epoch, round(factor * value, 4)]
                    for epoch, value in enumerate(trial.values, start=1)
                ],
                "lineStyle": {"color": colour, "width": 3 if is_best else 1.5, "opacity": opacity},
                "itemStyle": {"color": colour, "opacity": opacity},
                "showSymbol": len(trial.values) == 1,
                "z": 3 if is_best else 2,
            }
        )
    n_epochs = max((len(trial.values) for trial in trials), default=1)
    return _build_option(
        f"{label} by epoch",
        {"name": "epoch", "min": 1, "max": max(n_epochs, 2), "minInterval": 1},
        series,
        is_percent=is_percent,
        is_dark=is_dark,
    )


def build_history(
    trials: Sequence[TrialCurve],
    label: str,
    *,
    is_maximized: bool,
    is_percent: bool,
    is_dark: bool,
) -> dict[str, Any]:
    """Draw each trial's value and the best so far by number, as an ECharts option."""
    factor = 100 if is_percent else 1
    choose = max if is_maximized else min
    known = [(one, one.best_value) for one in trials if one.best_value is not None]
    best: list[list[float]] = []
    for one, value in known:
        if one.is_complete:
            so_far = choose(value, best[-1][1]) if best else value
            best.append([one.number, so_far])
    points = [
        {
            "value": [one.number, round(factor * value, 4)],
            "itemStyle": {"opacity": _OPACITY if one.is_complete else _PRUNED_OPACITY},
        }
        for one, value in known
    ]
    series = [
        {
            "id": "trials", "name": "trial", "type": "scatter", "data": points, "symbolSize": 9,
            "itemStyle": {"color": TRAINING},
        },
        {
            "id": "best", "name": "best so far", "type": "line", "step": "end",
            "data": [[number, round(factor * value, 4)] for number, value in best],
            "lineStyle": {"color": VALIDATION, "width": 2},
            "itemStyle": {"color": VALIDATION}, "showSymbol": False,
        },
    ]  # fmt: skip
    last = max((one.number for one in trials), default=1)
    return _build_option(
        f"{label} by trial",
        {"name": "trial", "min": 0, "max": max(last, 1), "minInterval": 1},
        series,
        is_percent=is_percent,
        is_dark=is_dark,
    )


def _build_option(
    title: str,
    x_axis: dict[str, Any],
    series: list[dict[str, Any]],
    *,
    is_percent: bool,
    is_dark: bool,
) -> dict[str, Any]:
    label = {"color": DARK_LABEL if is_dark else LIGHT_LABEL}
    grid = {"lineStyle": {"color": MUTED, "width": 0.4}}
    return {
        "title": {
            "text": title, "left": 0, "top": 4, "textStyle": {"fontSize": 13, "fontWeight": 400},
        },
        "grid": {"left": 52, "right": 16, "top": 40, "bottom": 44},
        "xAxis": {
            "type": "value", "nameLocation": "middle", "nameGap": 26, "nameTextStyle": label,
            "axisLabel": label, "splitLine": {"show": False}, **x_axis,
        },
        "yAxis": {
            "type": "value", "scale": True, "splitLine": grid,
            "axisLabel": label | {"formatter": "{value} %" if is_percent else "{value}"},
        },
        "series": series,
        "tooltip": {"trigger": "item"},
        "animationDuration": 0,
        "animationDurationUpdate": 300,
    }  # fmt: skip


def importance_figure(importances: Mapping[str, float]) -> go.Figure:
    """Draw how much of the objective's variance each setting explains, the largest on top.

    Args:
        importances: fractions by the settings' labels.
    """
    rows = sorted(importances.items(), key=lambda row: row[1])
    figure = go.Figure(
        go.Bar(
            x=[value for _, value in rows],
            y=[name for name, _ in rows],
            orientation="h",
            marker={"color": TRAINING},
            text=[f"{value:.0%}" for _, value in rows],
            textposition="auto",
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    apply_theme(
        figure,
        "Importance: share of the variation that a setting explains (fANOVA)",
        height_px=80 + 36 * max(len(rows), 1),
        xaxis={"tickformat": ".0%", **VALUE_AXIS},
        yaxis={"automargin": True, "fixedrange": True},
        bargap=0.35,
    )
    return figure


def parallel_coordinates_figure(
    axes: Sequence[SettingAxis],
    objective: Sequence[float],
    label: str,
    *,
    is_percent: bool,
    is_maximized: bool,
    is_dark: bool,
) -> go.Figure:
    """Draw each trial as a line through its settings and its result; strong blue is good.

    Args:
        axes: the settings, in the order of the chart.
        objective: the results of the same trials.
        label: of the objective.
    """
    ends = ("#3d4046", "#9dbde6") if is_dark else ("#cfd8e3", INK_BLUE)
    scale = [[0, ends[0]], [0.6, TRAINING], [1, ends[1]]]
    colour = DARK_LABEL if is_dark else LIGHT_LABEL
    result = {
        "label": label,
        "values": list(objective),
        "tickformat": ".1%" if is_percent else ".3f",
    }
    figure = go.Figure(
        go.Parcoords(
            dimensions=[*(_build_dimension(axis) for axis in axes), result],
            line={
                "color": list(objective), "colorscale": scale, "reversescale": not is_maximized,
            },
            labelfont={"size": 12, "color": colour},
            tickfont={"size": 11, "color": colour},
            rangefont={"size": 1, "color": "rgba(0,0,0,0)"},
            labelangle=0,
        )
    )  # fmt: skip
    apply_theme(
        figure,
        "Each line is a trial: its settings and its result",
        height_px=380,
        top_px=84,
    )
    figure.update_layout(margin={"l": 56, "r": 96, "t": 84, "b": 24})
    return figure


def _build_dimension(axis: SettingAxis) -> dict[str, Any]:
    if axis.choices:
        return {
            "label": axis.label,
            "values": [axis.choices.index(value) for value in axis.values],
            "tickvals": list(range(len(axis.choices))),
            "ticktext": list(axis.choice_labels),
        }
    if not axis.is_log:
        return {"label": axis.label, "values": list(axis.values)}
    logs = [math.log10(value) for value in axis.values]
    ticks = range(math.floor(min(logs)), math.ceil(max(logs)) + 1)
    return {
        "label": axis.label,
        "values": logs,
        "tickvals": list(ticks),
        "ticktext": [f"{10.0**tick:g}" for tick in ticks],
    }
