"""Charts of a study's settings: how much each matters, and which values gave which result."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from digitlab.figures.theme import (
    DARK_LABEL,
    INK_BLUE,
    LIGHT_LABEL,
    TRAINING,
    VALUE_AXIS,
    apply_theme,
)


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
