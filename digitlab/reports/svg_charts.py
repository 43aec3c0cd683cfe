"""Draw the app's line charts as static SVG.

A report is one small file that works offline. Plotly's script would add 4.8 MB to each report or
need a download, and its image export needs a browser. So a report takes the same plotly figures as
the pages and draws what they contain: lines, markers, bands and vertical lines on linear axes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from markupsafe import Markup

from digitlab.figures.theme import INK_BLUE
from digitlab.reports.html import render_template

_WIDTH, _HEIGHT = 360, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 348, 40, 222
_N_TICKS = 6
# More markers than this are drawn as a line only.
_MAX_DOTS = 30
_DASHES = {"dash": "6 4", "dot": "2 3"}


@dataclass(frozen=True)
class _Axis:
    """A linear axis: values from `low` to `high` lie between two pixel positions."""

    low: float
    high: float
    start_px: float
    end_px: float
    tick_format: str

    def to_px(self, values: Any) -> np.ndarray:
        relative = (np.asarray(values, float) - self.low) / (self.high - self.low)
        return np.round(self.start_px + relative * (self.end_px - self.start_px), 1)

    def build_ticks(self) -> list[dict[str, object]]:
        step = _choose_step((self.high - self.low) / _N_TICKS)
        first = np.ceil(self.low / step - 1e-9)
        ticks = np.arange(first, np.floor(self.high / step + 1e-9) + 1) * step
        return [
            {"px": px, "text": _format_tick(value, self.tick_format)}
            for value, px in zip(ticks, self.to_px(ticks), strict=True)
        ]


def render_svg(figure: go.Figure, alt: str) -> Markup:
    """Draw a figure of scatter traces on linear axes.

    Args:
        alt: the text alternative.
    Raises:
        ValueError: the figure has other traces or axes.
    """
    if any(trace.type != "scatter" for trace in figure.data):
        raise ValueError("only figures of scatter traces can be drawn as SVG")
    layout = figure.layout
    x_axis = _build_axis(layout.xaxis, [trace.x for trace in figure.data], _LEFT, _RIGHT)
    y_axis = _build_axis(layout.yaxis, [trace.y for trace in figure.data], _BOTTOM, _TOP)
    lines = [trace for trace in figure.data if not trace.fill]
    return render_template(
        "chart.svg.j2",
        width=_WIDTH, height=_HEIGHT, left=_LEFT, right=_RIGHT, top=_TOP, bottom=_BOTTOM,
        alt=alt,
        title=layout.title.text or "",
        x_title=layout.xaxis.title.text or "",
        y_title=layout.yaxis.title.text or "",
        x_ticks=x_axis.build_ticks(),
        y_ticks=y_axis.build_ticks(),
        verticals=[
            (float(x_axis.to_px(shape.x0)), shape.line.color)
            for shape in layout.shapes
            if shape.x0 == shape.x1
        ],
        bands=[
            {"points": _format_points(trace, x_axis, y_axis), "colour": trace.fillcolor}
            for trace in figure.data
            if trace.fill
        ],
        lines=[
            {"points": _format_points(trace, x_axis, y_axis), **_describe_line(trace)}
            for trace in lines
            if "lines" in (trace.mode or "lines")
        ],
        dots=[
            (x, y, trace.marker.color or _describe_line(trace)["colour"])
            for trace in lines
            if "markers" in (trace.mode or "") and len(trace.x) <= _MAX_DOTS
            for x, y in zip(x_axis.to_px(trace.x), y_axis.to_px(trace.y), strict=True)
        ],
        legend=[
            {"name": trace.name, **_describe_line(trace)}
            for trace in lines
            if trace.name and layout.showlegend is not False and len(lines) > 1
        ],
    )  # fmt: skip


def _build_axis(axis: Any, columns: list[Any], start_px: float, end_px: float) -> _Axis:
    if axis.type not in (None, "linear"):
        raise ValueError("only linear axes can be drawn as SVG")
    if axis.range is not None:
        low, high = map(float, axis.range)
    else:
        values = np.concatenate([np.asarray(column, float) for column in columns])
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return _Axis(low, high if high > low else low + 1, start_px, end_px, axis.tickformat or "")


def _choose_step(rough: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below `rough`."""
    power = 10.0 ** np.floor(np.log10(rough))
    steps = (power * factor for factor in (1, 2, 5, 10))
    return float(next(step for step in steps if step >= rough * 0.999))


def _format_tick(value: float, tick_format: str) -> str:
    value = 0.0 if abs(value) < 1e-12 else value
    # D3's "~", which drops trailing zeros, has no equivalent in Python.
    python_format = tick_format.replace("~", "")
    return format(value, python_format) if python_format else f"{value:.6g}"


def _format_points(trace: Any, x_axis: _Axis, y_axis: _Axis) -> str:
    columns, rows = x_axis.to_px(trace.x), y_axis.to_px(trace.y)
    return " ".join(f"{x:g},{y:g}" for x, y in zip(columns, rows, strict=True))


def _describe_line(trace: Any) -> dict[str, str]:
    return {"colour": trace.line.color or INK_BLUE, "dash": _DASHES.get(trace.line.dash or "", "")}
