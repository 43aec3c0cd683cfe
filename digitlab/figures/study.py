"""Charts of a study's trials: by epoch and by number."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from digitlab.figures.theme import (
    DARK_LABEL,
    LIGHT_LABEL,
    MUTED,
    TRAINING,
    VALIDATION,
)

TRIALS_HEIGHT_PX = 300
_PRUNED_OPACITY, _OPACITY = 0.25, 0.7
_MIN_FOR_QUARTILES = 4


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


def find_worst_shown(trials: Sequence[TrialCurve], *, is_maximized: bool) -> float | None:
    """Where the charts' axis of results ends; None if they show all.

    One trial that diverged would squeeze all others into a line. Tukey's fence: results worse than
    the worse quartile by more than 1.5 times the distance of the quartiles are outside.
    """
    values = [one.best_value for one in trials if one.best_value is not None]
    if len(values) < _MIN_FOR_QUARTILES:
        return None
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    if is_maximized:
        fence = lower - 1.5 * (upper - lower)
        return fence if min(values) < fence else None
    fence = upper + 1.5 * (upper - lower)
    return fence if max(values) > fence else None


def build_trial_curves(
    trials: Sequence[TrialCurve],
    label: str,
    *,
    best: int | None,
    worst_shown: float | None = None,
    is_percent: bool,
    is_dark: bool,
) -> dict[str, Any]:
    """Draw the objective of each trial by epoch, as an ECharts option: pruned trials are faint.

    Args:
        label: of the objective.
        best: the number of the best trial.
        worst_shown: see `find_worst_shown`.
        is_percent: whether the objective is an accuracy, a fraction shown in percent; else a loss.
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
        worst_shown=worst_shown,
        is_percent=is_percent,
        is_dark=is_dark,
    )


def build_history(
    trials: Sequence[TrialCurve],
    label: str,
    *,
    worst_shown: float | None = None,
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
        worst_shown=worst_shown,
        is_percent=is_percent,
        is_dark=is_dark,
    )


def _build_option(
    title: str,
    x_axis: dict[str, Any],
    series: list[dict[str, Any]],
    *,
    worst_shown: float | None,
    is_percent: bool,
    is_dark: bool,
) -> dict[str, Any]:
    label = {"color": DARK_LABEL if is_dark else LIGHT_LABEL}
    grid = {"lineStyle": {"color": MUTED, "width": 0.4}}
    ends: dict[str, float] = {}
    if worst_shown is not None:
        # Rounded outwards, for a tidy axis.
        ends = (
            {"min": math.floor(100 * worst_shown)}
            if is_percent
            else {"max": math.ceil(10 * worst_shown) / 10}
        )
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
            "axisLabel": label | {"formatter": "{value} %" if is_percent else "{value}"}, **ends,
        },
        "series": series,
        "tooltip": {"trigger": "item"},
        "animationDuration": 0,
        "animationDurationUpdate": 300,
    }  # fmt: skip
