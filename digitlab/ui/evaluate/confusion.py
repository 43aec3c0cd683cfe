"""The confusion matrix; the test images behind a cell appear beside it."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from digitlab.evaluation.gallery import GalleryQuery, find_samples, paginate
from digitlab.evaluation.metrics import Confusion, list_confusions, normalise_confusion
from digitlab.figures.class_names import MANY_CLASSES
from digitlab.figures.confusion import confusion_figure, describe_confusion
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel, ShownSamples
from digitlab.ui.evaluate.thumbnail_grid import render_thumbnail_grid
from digitlab.ui.evaluate.url_state import (
    bind_widget,
    read_url_parameter,
    show_gallery,
    update_url,
)
from digitlab.ui.selectors import render_segments, render_toggle
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import escape_markdown, shorten

_NORMALISATIONS = {
    "count": "Counts",
    "row": "Normalise by true",
    "column": "Normalise by predicted",
}
_N_CONFUSIONS = 6
# Of each of the most frequent errors, as many as fit into one row on a phone.
_N_ROW_SAMPLES = 6
_N_CELL_SAMPLES = 24
# Of a class name on a button.
_MAX_NAME_LENGTH = 20
_CELL_WIDGETS = ("evaluate_cell_true", "evaluate_cell_predicted")
_CHART = "evaluate_matrix_chart"
# The true and the predicted class.
Cell = tuple[int, int]


def render_confusion(evaluated: EvaluatedModel) -> ShownSamples:
    """Render the matrix on the left; on the right a cell's images, or the most frequent errors."""
    counts = np.array(evaluated.report.metrics["confusion"])
    cell = _read_cell(len(counts))
    left, right = st.columns([1.1, 1], gap="medium")
    with left:
        _render_matrix(evaluated, counts, cell)
    with right:
        _render_cell_choice(evaluated, cell)
        if cell is None:
            indices = _render_frequent_errors(evaluated, counts)
        else:
            indices = _render_cell(evaluated, cell)
    with st.expander("Confusion matrix as a table"):
        _render_table(evaluated, counts)
    return ShownSamples(evaluated, indices)


def _read_cell(n_classes: int) -> Cell | None:
    """The cell in the URL; None if it is not valid."""
    parts = (read_url_parameter("cell") or "").split("-")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    true, predicted = (int(part[:4]) for part in parts)
    return (true, predicted) if max(true, predicted) < n_classes else None


def _select_cell(cell: Cell | None) -> None:
    """Show the images of a cell, or of none; only from a callback."""
    if cell is None:
        for key in _CELL_WIDGETS:
            st.session_state[key] = None
    update_url(cell=None if cell is None else f"{cell[0]}-{cell[1]}", sample=None)


def _render_matrix(evaluated: EvaluatedModel, counts: np.ndarray, cell: Cell | None) -> None:
    requested = read_url_parameter("by")
    with st.container(horizontal=True, vertical_alignment="center"):
        normalisation = render_segments(
            "What the cells show",
            _NORMALISATIONS,
            **bind_widget(
                "evaluate_by",
                requested if requested in _NORMALISATIONS else "count",
                lambda chosen: update_url(by=chosen),
            ),
        )
        hide_diagonal = render_toggle(
            "Errors only",
            "Hides the diagonal, where the predictions are correct.",
            **bind_widget(
                "evaluate_errors_only",
                read_url_parameter("hide") == "1",
                lambda chosen: update_url(hide="1" if chosen else None),
            ),
        )
    figure = confusion_figure(
        normalise_confusion(counts, normalisation, hide_diagonal=hide_diagonal),
        evaluated.class_names,
        by=normalisation,
        chosen=cell,
        is_dark=st.context.theme.type == "dark",
    )
    with st.container(key="evaluate_matrix"):
        st.plotly_chart(
            figure,
            # With another cell outlined it is another figure, which starts without a selection.
            key=_CHART,
            on_select=callback(_handle_click),
            selection_mode="points",
            config=PLOTLY_CONFIG,
            alt=describe_confusion(counts, evaluated.class_names),
        )


def _handle_click() -> None:
    points = st.session_state[_CHART]["selection"]["points"]
    # A second click on a cell clears the selection.
    _select_cell(tuple(points[0]["customdata"]) if points else None)


def _render_cell_choice(evaluated: EvaluatedModel, cell: Cell | None) -> None:
    """The same as a click on a cell, for keyboards and screen readers."""
    classes: list[int | None] = [None, *range(len(evaluated.class_names))]

    def handle_change(_: object) -> None:
        true, predicted = (st.session_state[key] for key in _CELL_WIDGETS)
        if true is not None and predicted is not None:
            _select_cell((true, predicted))
        elif cell is not None:
            _select_cell(None)

    with st.container(horizontal=True):
        for number, (key, label) in enumerate(
            zip(_CELL_WIDGETS, ("Actual", "Predicted"), strict=True)
        ):
            # The first choice alone is not a cell yet: the widget keeps it until the second.
            value = cell[number] if cell is not None else st.session_state.get(key)
            st.selectbox(
                label,
                classes,
                format_func=lambda k: "–" if k is None else evaluated.class_names[k],
                placeholder="–",
                **bind_widget(key, value, handle_change),
            )


def _render_frequent_errors(evaluated: EvaluatedModel, counts: np.ndarray) -> np.ndarray:
    """A row for each: its cell, and its first images; returns the indices of all its images."""
    confusions = list_confusions(counts, limit=_N_CONFUSIONS)
    if not confusions:
        st.success("All images are classified correctly.")
        return np.zeros(0, int)
    found = [
        find_samples(evaluated.report, GalleryQuery(true=each.true, predicted=each.predicted))
        for each in confusions
    ]
    st.markdown("**Most frequent errors**, actual → predicted")
    with st.container(key="evaluate_frequent_errors"):
        for confusion, indices in zip(confusions, found, strict=True):
            _render_frequent_error(evaluated, confusion, indices)
    return np.concatenate(found)


def _render_frequent_error(
    evaluated: EvaluatedModel, confusion: Confusion, indices: np.ndarray
) -> None:
    cell = (confusion.true, confusion.predicted)
    true, predicted = (
        escape_markdown(shorten(evaluated.class_names[k], _MAX_NAME_LENGTH)) for k in cell
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"{true} → {predicted} ({confusion.count:,})",
            key=f"evaluate_confusion_{cell[0]}_{cell[1]}",
            on_click=callback(_select_cell),
            args=(cell,),
            help=f"{escape_markdown(confusion.describe(evaluated.class_names))}, "
            f"{confusion.fraction:.1%} of the "
            f"class {true}. Click to see the {evaluated.noun}s.",
        )
        if evaluated.images is not None:
            render_thumbnail_grid(
                evaluated,
                indices[:_N_ROW_SAMPLES],
                key=f"evaluate_row_{cell[0]}_{cell[1]}",
                label=confusion.describe(evaluated.class_names),
                is_row=True,
            )


def _render_cell(evaluated: EvaluatedModel, cell: Cell) -> np.ndarray:
    """The images behind a cell; returns their indices in the test set."""
    true, predicted = (evaluated.class_names[k] for k in cell)
    query = GalleryQuery(true=cell[0], predicted=cell[1])
    if cell[0] == cell[1]:
        # Of the correct predictions, the least confident ones are worth a look.
        query = GalleryQuery(true=cell[0], predicted=cell[1], order="unsure")
    found = find_samples(evaluated.report, query)
    count = {0: "never", 1: "once", 2: "twice"}.get(len(found), f"{len(found):,} times")
    st.markdown(f"**{escape_markdown(f'{true} predicted as {predicted}')}: {count}**")
    if len(found):
        render_thumbnail_grid(
            evaluated,
            paginate(found, 0, page_size=_N_CELL_SAMPLES).indices,
            key="evaluate_cell_grid",
            label=f"{true} predicted as {predicted}",
        )
    with st.container(horizontal=True):
        if len(found) > _N_CELL_SAMPLES and not evaluated.names:
            st.button(
                f"All {len(found):,}", key="evaluate_cell_all",
                on_click=callback(show_gallery), args=(query,), icon=":material/grid_view:",
            )  # fmt: skip
        st.button(
            "Most frequent errors", key="evaluate_cell_back", type="tertiary",
            on_click=callback(_select_cell), args=(None,), icon=":material/arrow_back:",
        )  # fmt: skip
    return found


def _render_table(evaluated: EvaluatedModel, counts: np.ndarray) -> None:
    names: Sequence[str] = evaluated.class_names
    head = "Actual ↓ Predicted →"
    if len(names) > MANY_CLASSES:
        # It scrolls, and shows names as they are.
        st.dataframe(
            {head: list(names)} | {name: counts[:, k] for k, name in enumerate(names)},
            hide_index=True,
        )
        return
    names = [escape_markdown(name) for name in names]
    st.table(
        {head: names} | {name: [f"{int(n)}" for n in counts[:, k]] for k, name in enumerate(names)},
        hide_index=True,
    )
