"""The confusion matrix; the digits behind a cell appear beside it."""

import numpy as np
import streamlit as st

from digitlab.evaluation.gallery import GalleryQuery, find_samples, paginate
from digitlab.evaluation.metrics import Confusion, list_confusions, normalise_confusion
from digitlab.figures.confusion import confusion_figure, describe_confusion
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.evaluate.thumbnail_grid import render_thumbnail_grid
from digitlab.ui.evaluate.url_state import control, read_url_parameter, show_query, update_url
from digitlab.ui.selectors import render_segments
from digitlab.ui.streamlit_internals import callback

_BY = {"count": "Counts", "row": "By row", "column": "By column"}
_N_CONFUSIONS = 6
_N_BESIDE = 24
_CHOICES = ("evaluate_cell_true", "evaluate_cell_said")
_CHART = "evaluate_matrix_chart"
Cell = tuple[int, int]


def render_confusion(tested: EvaluatedModel) -> None:
    """Matrix left, the chosen cell's digits right; below on a phone."""
    counts = np.array(tested.report.metrics["confusion"])
    cell = read_cell(len(counts))
    left, right = st.columns([1.15, 1], gap="medium")
    with left:
        _render_chart(tested, counts, cell)
    with right:
        _render_cell_choice(tested, cell)
        if cell is None:
            _render_confusions(tested, counts)
        else:
            _render_cell(tested, cell)
    with st.expander("The matrix as a table"):
        _render_table(tested, counts)


def read_cell(n_classes: int) -> Cell | None:
    """The cell in the address, if it is one."""
    parts = (read_url_parameter("cell") or "").split("-")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    row, column = (int(part[:4]) for part in parts)
    return (row, column) if max(row, column) < n_classes else None


def show_cell(cell: Cell | None) -> None:
    """Show a cell's digits; None shows no cell's. Only from a callback."""
    if cell is None:
        _forget_choice()
    update_url(cell=None if cell is None else f"{cell[0]}-{cell[1]}", digit=None)


def _render_chart(tested: EvaluatedModel, counts: np.ndarray, cell: Cell | None) -> None:
    asked = read_url_parameter("by")
    by = render_segments(
        "What the cells show",
        _BY,
        **control(
            "evaluate_by", asked if asked in _BY else "count", lambda chosen: update_url(by=chosen)
        ),
    )
    hidden = st.toggle(
        "Mistakes only",
        help="Hides the diagonal, the right answers.",
        **control(
            "evaluate_mistakes_only",
            read_url_parameter("hide") == "1",
            lambda chosen: update_url(hide="1" if chosen else None),
        ),
    )
    figure = confusion_figure(
        normalise_confusion(counts, by, hide_diagonal=hidden),
        tested.class_names,
        by=by,
        chosen=cell,
        is_dark=st.context.theme.type == "dark",
    )
    with st.container(key="evaluate_matrix"):
        st.plotly_chart(
            figure,
            # Another cell outlined is another figure: it begins without a selection of its own.
            key=_CHART,
            on_select=callback(_follow_click),
            selection_mode="points",
            config={"displayModeBar": False},
            alt=describe_confusion(counts, tested.class_names),
        )
    st.caption("Click a cell to see its digits, or choose it in the two lists.")


def _follow_click() -> None:
    points = st.session_state[_CHART]["selection"]["points"]
    if points:
        row, column = points[0]["customdata"]
        update_url(cell=f"{row}-{column}", digit=None)
    else:
        # A second click on a cell takes its selection back.
        _forget_choice()
        update_url(cell=None, digit=None)


def _forget_choice() -> None:
    for key in _CHOICES:
        st.session_state[key] = None


def _render_cell_choice(tested: EvaluatedModel, cell: Cell | None) -> None:
    """The same as a click on a cell, for keyboards and screen readers."""
    names: list[int | None] = [None, *range(len(tested.class_names))]

    def follow(_: object) -> None:
        true, said = (st.session_state[key] for key in _CHOICES)
        if true is not None and said is not None:
            show_cell((true, said))
        elif cell is not None:
            show_cell(None)

    with st.container(horizontal=True):
        for number, (key, label) in enumerate(zip(_CHOICES, ("True", "Read as"), strict=True)):
            # A first choice alone is no cell yet: the widget keeps it until the other is made.
            value = cell[number] if cell is not None else st.session_state.get(key)
            st.selectbox(
                label,
                names,
                format_func=lambda k: "–" if k is None else tested.class_names[k],
                placeholder="–",
                **control(key, value, follow),
            )


def _render_confusions(tested: EvaluatedModel, counts: np.ndarray) -> None:
    confusions = list_confusions(counts, limit=_N_CONFUSIONS)
    if not confusions:
        st.success("It reads every digit of this test set right.")
        return
    st.markdown("**Most frequent mistakes**")
    for confusion in confusions:
        _render_confusion(tested, confusion)


def _render_confusion(tested: EvaluatedModel, confusion: Confusion) -> None:
    cell = (confusion.true, confusion.predicted)
    st.button(
        confusion.describe(tested.class_names),
        key=f"evaluate_confusion_{cell[0]}_{cell[1]}",
        on_click=callback(show_cell),
        args=(cell,),
        type="tertiary",
        help=f"{confusion.fraction:.1%} of this true class. Click to see the digits.",
    )


def _render_cell(tested: EvaluatedModel, cell: Cell) -> None:
    true, said = (tested.class_names[k] for k in cell)
    query = GalleryQuery(true=cell[0], predicted=cell[1])
    found = find_samples(tested.report, query)
    if cell[0] == cell[1]:
        # Right and sure is nothing to look at: those it is least sure of come first.
        query = GalleryQuery(true=cell[0], predicted=cell[1], order="unsure")
        found = find_samples(tested.report, query)
    often = {0: "never", 1: "once", 2: "twice"}.get(len(found), f"{len(found):,} times")
    st.markdown(f"**{true} read as {said}: {often}**")
    if len(found):
        shown = paginate(found, 0, page_size=_N_BESIDE).indices
        render_thumbnail_grid(
            tested, shown, key="evaluate_cell_wall", label=f"{true} read as {said}",
            on_pick=lambda index: update_url(digit=str(index)),
        )  # fmt: skip
    with st.container(horizontal=True):
        if len(found) > _N_BESIDE and not tested.names:
            st.button(
                f"All {len(found):,}", key="evaluate_cell_all",
                on_click=callback(_show_all), args=(query,), icon=":material/grid_view:",
            )  # fmt: skip
        st.button(
            "Most frequent mistakes", key="evaluate_cell_back", type="tertiary",
            on_click=callback(show_cell), args=(None,), icon=":material/arrow_back:",
        )  # fmt: skip


def _show_all(query: GalleryQuery) -> None:
    show_query(query)
    update_url(view="mistakes")


def _render_table(tested: EvaluatedModel, counts: np.ndarray) -> None:
    names = tested.class_names
    st.table(
        {"true ↓ read as →": list(names)}
        | {name: [f"{int(n)}" for n in counts[:, k]] for k, name in enumerate(names)},
        hide_index=True,
    )
