"""Which classes are taken for which: a matrix whose cells can be clicked."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from digitlab.figures.theme import CORRECT, INK_BLUE, MUTED, TRANSPARENT, WRONG, apply_theme

_NOTHING = "rgba(128, 132, 140, 0.06)"
_TITLES = {
    "count": "How often each was read as each",
    "row": "Share of the true class, by row",
    "column": "Share of the answer, by column",
}
# Text on cells, on light and on dark paper.
_TEXT = {False: "#26282e", True: "#e9e6df"}


def confusion_figure(
    shown: np.ndarray,
    class_names: Sequence[str],
    *,
    by: str = "count",
    chosen: tuple[int, int] | None = None,
    is_dark: bool = False,
) -> go.Figure:
    """Mistakes in red, right answers in green, each by its own scale so that mistakes show.

    A heatmap sends no clicks: unseen squares over the cells do, each with its row and column as
    `customdata`.

    Args:
        shown: `(classes, classes)` from `normalise_confusion`, rows true; NaN is left blank.
        by: "count", "row" or "column", as there.
        chosen: the cell to outline.
        is_dark: whether the page is.
    """
    n = len(class_names)
    is_diagonal = np.eye(n, dtype=bool)
    figure = go.Figure(
        [
            _draw_cells(np.where(is_diagonal, np.nan, shown), WRONG),
            _draw_cells(np.where(is_diagonal, shown, np.nan), CORRECT),
            _draw_squares(shown, class_names, by, _TEXT[is_dark]),
        ]
    )
    if chosen is not None:
        row, column = chosen
        figure.add_shape(
            type="rect", x0=column - 0.5, x1=column + 0.5, y0=row - 0.5, y1=row + 0.5,
            line={"color": INK_BLUE, "width": 3},
        )  # fmt: skip
    _lay_out(figure, class_names, _TITLES[by])
    return figure


def difference_figure(
    difference: np.ndarray, class_names: Sequence[str], *, is_dark: bool = False
) -> go.Figure:
    """The second model's confusion matrix less the first's: red where it errs more often.

    Args:
        difference: `(classes, classes)` integers, rows true.
        is_dark: whether the page is.
    """
    # More right answers are good, more mistakes are not.
    badness = np.where(np.eye(len(difference), dtype=bool), -difference, difference)
    reach = max(1, int(np.abs(badness).max()))
    scale = [[0.0, _fade(CORRECT, 0.8)], [0.5, _NOTHING], [1.0, _fade(WRONG, 0.8)]]
    text = [[f"{value:+d}" if value else "" for value in row] for row in difference.tolist()]
    cells = go.Heatmap(
        z=badness, zmin=-reach, zmax=reach, colorscale=scale, showscale=False, xgap=1, ygap=1,
        text=text, texttemplate="%{text}", textfont={"color": _TEXT[is_dark]},
        hovertemplate="true %{y}, read as %{x}: %{text}<extra></extra>",
        x=list(range(len(class_names))), y=list(range(len(class_names))),
    )  # fmt: skip
    figure = go.Figure(cells)
    _lay_out(figure, class_names, "What the second does more or less often")
    return figure


def describe_confusion(counts: np.ndarray, class_names: Sequence[str]) -> str:
    """The matrix in words: how many are right, and what is confused most."""
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    right, n = int(np.trace(counts)), int(counts.sum())
    words = f"Confusion matrix: {right:,} of {n:,} are read right."
    if wrong.any():
        row, column = divmod(int(wrong.argmax()), len(wrong))
        words += (
            f" The most frequent mistake is {class_names[row]} read as {class_names[column]}, "
            f"{int(wrong[row, column])} times."
        )
    return words


def _draw_cells(values: np.ndarray, colour: str) -> go.Heatmap:
    reach = float(np.nanmax(values)) if np.isfinite(values).any() else 0.0
    return go.Heatmap(
        # The root lets a cell of one be seen beside a cell of fifty.
        z=np.sqrt(values),
        zmin=0,
        zmax=max(reach, 1e-9) ** 0.5,
        colorscale=[[0, _NOTHING], [1, _fade(colour, 0.8)]],
        showscale=False,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
    )


def _draw_squares(
    shown: np.ndarray, class_names: Sequence[str], by: str, text_colour: str
) -> go.Scatter:
    cells = [(row, column) for row in range(len(shown)) for column in range(len(shown))]
    unseen = {"marker": {"opacity": 0}, "textfont": {"color": text_colour}}
    return go.Scatter(
        x=[column for _, column in cells],
        y=[row for row, _ in cells],
        customdata=cells,
        mode="markers+text",
        marker={"symbol": "square", "size": 34, "color": TRANSPARENT, "line": {"width": 0}},
        text=[_format(shown[cell], by) for cell in cells],
        textfont={"color": text_colour, "size": 12},
        # Else a click would let all other cells fade.
        selected=unseen,
        unselected=unseen,
        hovertext=[
            f"{class_names[row]} read as {class_names[column]}: "
            f"{_format(shown[row, column], by) or 'never'}"
            for row, column in cells
        ],
        hoverinfo="text",
        cliponaxis=False,
    )


def _format(value: float, by: str) -> str:
    if not np.isfinite(value) or value == 0:
        return ""
    if by == "count":
        return f"{value:.0f}"
    return "<.1" if value < 0.0005 else f"{value * 100:.1f}" if value < 0.1 else f"{value:.0%}"


def _fade(colour: str, share: float) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share})"


def _lay_out(figure: go.Figure, class_names: Sequence[str], title: str) -> None:
    n = len(class_names)
    axis = {
        "tickvals": list(range(n)),
        "ticktext": list(class_names),
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }
    apply_theme(
        figure,
        title,
        height_px=430,
        right_px=4,
        clickmode="event+select",
        dragmode=False,
        hovermode="closest",
        showlegend=False,
        xaxis=axis | {"title": {"text": "read as", "font": {"size": 12}}, "range": [-0.5, n - 0.5]},
        yaxis=axis | {"title": {"text": "true", "font": {"size": 12}}, "range": [n - 0.5, -0.5]},
        hoverlabel={"bordercolor": MUTED},
    )
