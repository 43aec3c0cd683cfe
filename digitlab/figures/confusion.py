"""Confusion matrix with clickable cells, and the difference of two matrices."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from digitlab.figures.class_names import MANY_CLASSES, build_class_axis, escape_text
from digitlab.figures.theme import CORRECT, MUTED, TRAINING, TRANSPARENT, WRONG, apply_theme

_NEUTRAL = "rgba(128, 132, 140, 0.06)"
_TITLES = {
    "count": "Confusion matrix: counts",
    "row": "Confusion matrix: percent of the actual class (rows)",
    "column": "Confusion matrix: percent of the predicted class (columns)",
}
# Text colours, in light and in dark mode.
_TEXT_COLOURS = {False: "#26282e", True: "#e9e6df"}
# The strongest tint of a cell: its text keeps a contrast of 4.5:1 in both modes.
_MAX_ALPHA = 0.6
_HEIGHT_PX, _LARGE_HEIGHT_PX = 400, 560
# The width of the matrix itself, without labels, on a small screen.
_PLOT_PX = 360


def confusion_figure(
    shown: np.ndarray,
    class_names: Sequence[str],
    *,
    by: str = "count",
    chosen: tuple[int, int] | None = None,
    is_dark: bool = False,
) -> go.Figure:
    """Draw errors in red and correct predictions in green, each on its own colour scale.

    A heatmap sends no click events, so invisible squares over the cells do, each with its row and
    column as `customdata`.

    Args:
        shown: `(classes, classes)` from `normalise_confusion`, rows true; NaN is blank.
        by: "count", "row" or "column".
        chosen: the cell to outline, as row and column.
        is_dark: whether the page is in dark mode.
    """
    n = len(class_names)
    is_diagonal = np.eye(n, dtype=bool)
    figure = go.Figure(
        [
            _draw_cells(np.where(is_diagonal, np.nan, shown), WRONG),
            _draw_cells(np.where(is_diagonal, shown, np.nan), CORRECT),
            _draw_squares(shown, class_names, by, _TEXT_COLOURS[is_dark]),
        ]
    )
    if chosen is not None:
        row, column = chosen
        figure.add_shape(
            type="rect", x0=column - 0.5, x1=column + 0.5, y0=row - 0.5, y1=row + 0.5,
            line={"color": TRAINING, "width": 3},
        )  # fmt: skip
    _apply_layout(figure, class_names, _TITLES[by])
    return figure


def difference_figure(
    difference: np.ndarray, class_names: Sequence[str], *, is_dark: bool = False
) -> go.Figure:
    """Draw the difference of two confusion matrices: red where the second model is worse.

    Args:
        difference: `(classes, classes)` integers, rows true: the second minus the first.
        is_dark: whether the page is in dark mode.
    """
    has_text = len(class_names) <= MANY_CLASSES
    names = [escape_text(name) for name in class_names]
    badness = np.where(np.eye(len(difference), dtype=bool), -difference, difference)
    highest = max(1, int(np.abs(badness).max()))
    scale = [
        [0.0, _add_alpha(CORRECT, _MAX_ALPHA)],
        [0.5, _NEUTRAL],
        [1.0, _add_alpha(WRONG, _MAX_ALPHA)],
    ]
    text = [[f"{value:+d}" if value else "" for value in row] for row in difference.tolist()]
    cells = go.Heatmap(
        z=badness, zmin=-highest, zmax=highest, colorscale=scale, showscale=False,
        xgap=_find_gap_px(len(names)), ygap=_find_gap_px(len(names)),
        text=text, texttemplate="%{text}" if has_text else None,
        textfont={"color": _TEXT_COLOURS[is_dark]},
        customdata=[[f"actual {true}, predicted {predicted}" for predicted in names]
                    for true in names],
        hovertemplate="%{customdata}: %{text}<extra></extra>",
        x=list(range(len(class_names))), y=list(range(len(class_names))),
    )  # fmt: skip
    figure = go.Figure(cells)
    _apply_layout(figure, class_names, "Difference of the confusion matrices")
    return figure


def describe_confusion(counts: np.ndarray, class_names: Sequence[str]) -> str:
    """Text alternative of the chart, with the most frequent error."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    n_correct, n = int(np.trace(counts)), int(counts.sum())
    text = f"Confusion matrix: {n_correct:,} of {n:,} are correct."
    if wrong.any():
        row, column = divmod(int(wrong.argmax()), len(wrong))
        text += (
            f" The most frequent error is {class_names[row]} classified as "
            f"{class_names[column]}, {int(wrong[row, column])} times."
        )
    return text


def _draw_cells(values: np.ndarray, colour: str) -> go.Heatmap:
    highest = float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
    return go.Heatmap(
        # The square root keeps a cell of 1 visible beside a cell of 50.
        z=np.sqrt(values),
        zmin=0,
        zmax=max(highest, 1e-9) ** 0.5,
        colorscale=[[0, _NEUTRAL], [1, _add_alpha(colour, _MAX_ALPHA)]],
        showscale=False,
        xgap=_find_gap_px(len(values)),
        ygap=_find_gap_px(len(values)),
        hoverinfo="skip",
    )


def _draw_squares(
    shown: np.ndarray, class_names: Sequence[str], by: str, text_colour: str
) -> go.Scatter:
    n = len(shown)
    names = [escape_text(name) for name in class_names]
    has_text = n <= MANY_CLASSES
    # Ten thousand elements would make the page slow; behind an empty cell is nothing to see.
    cells = [
        (row, column)
        for row in range(n)
        for column in range(n)
        if has_text or np.nan_to_num(shown[row, column])
    ]
    invisible = {"marker": {"opacity": 0}, "textfont": {"color": text_colour}}
    return go.Scatter(
        x=[column for _, column in cells],
        y=[row for row, _ in cells],
        customdata=cells,
        mode="markers+text" if has_text else "markers",
        marker={
            "symbol": "square",
            "size": min(34, _PLOT_PX // n),
            "color": TRANSPARENT,
            "line": {"width": 0},
        },
        text=[_format_cell(shown[cell], by) for cell in cells],
        textfont={"color": text_colour, "size": 12},
        # Otherwise a click fades all other cells.
        selected=invisible,
        unselected=invisible,
        hovertext=[
            f"actual {names[row]}, predicted {names[column]}: "
            f"{_format_cell(shown[row, column], by) or 'never'}<br>Click to see the images"
            for row, column in cells
        ],
        hoverinfo="text",
        cliponaxis=False,
    )


def _format_cell(value: float, by: str) -> str:
    if not np.isfinite(value) or value == 0:
        return ""
    if by == "count":
        return f"{value:.0f}"
    return "<.1" if value < 0.0005 else f"{value * 100:.1f}" if value < 0.1 else f"{value:.0%}"


def _find_gap_px(n: int) -> float:
    """The gap between cells; of many classes the cells are a few pixels wide."""
    return 1 if n <= MANY_CLASSES else 0.2


def _add_alpha(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {alpha})"


def _apply_layout(figure: go.Figure, class_names: Sequence[str], title: str) -> None:
    n = len(class_names)
    axis = build_class_axis(class_names)
    apply_theme(
        figure,
        title,
        height_px=_HEIGHT_PX if n <= MANY_CLASSES else _LARGE_HEIGHT_PX,
        right_px=18,
        clickmode="event+select",
        dragmode=False,
        hovermode="closest",
        showlegend=False,
        xaxis=axis
        | {"title": {"text": "Predicted", "font": {"size": 12}}, "range": [-0.5, n - 0.5]},
        yaxis=axis | {"title": {"text": "Actual", "font": {"size": 12}}, "range": [n - 0.5, -0.5]},
        hoverlabel={"bordercolor": MUTED},
    )
