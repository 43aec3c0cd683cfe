"""Draw digits one after the other, and say which each is."""

from collections.abc import Callable

import streamlit as st

from digitlab.errors import OwnSetError
from digitlab.evaluation.own_set import OwnSet, label_drawings
from digitlab.ui.callbacks import callback
from digitlab.ui.ink_canvas import Drawing, get_drawing, render_ink_canvas

# Kept under keys of ours: a widget's state goes when its page is left.
_DRAWINGS, _VERSION = "evaluate_drawings", "evaluate_canvas_version"
_DIGIT, _PROBLEM = "evaluate_drawn_digit", "evaluate_drawn_problem"
_SIDE_PX, _PEN_PX = 220, 14


def render_own_drawings(on_ready: Callable[[OwnSet], object]) -> None:
    """A small canvas, the digit that is meant, and a button; all digits as a test set.

    Args:
        on_ready: called with the digits that were drawn when they are to be read.
    """
    drawings: list[tuple[Drawing, int]] = st.session_state.setdefault(_DRAWINGS, [])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(key="evaluate_canvas_steady", width=_SIDE_PX + 20):
            version = st.session_state.setdefault(_VERSION, 0)
            drawing = render_ink_canvas(
                _SIDE_PX, _SIDE_PX, pen_px=_PEN_PX, key=f"evaluate_canvas_{version}"
            )
        with st.container():
            digit = st.pills("This is a", range(10), key=_DIGIT)
            has_ink = bool(drawing["objects"])
            st.button(
                "Add it",
                key="evaluate_drawn_add",
                icon=":material/add:",
                disabled=not has_ink or digit is None,
                on_click=callback(_add),
            )
            _tell_how_many(len(drawings))
    st.button(
        "See how they are read",
        key="evaluate_drawn_read",
        type="primary",
        disabled=not drawings,
        on_click=callback(_gather),
        args=(on_ready,),
    )
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error(problem)


def _gather(on_ready: Callable[[OwnSet], object]) -> None:
    try:
        on_ready(label_drawings(st.session_state[_DRAWINGS]))
    except OwnSetError as error:
        st.session_state[_PROBLEM] = str(error)


def _add() -> None:
    state = st.session_state
    # Read now: the last stroke, or another digit, may come with the click.
    drawing, digit = get_drawing(f"evaluate_canvas_{state[_VERSION]}"), state[_DIGIT]
    if digit is None or not drawing or not drawing["objects"]:
        return
    state[_DRAWINGS].append((drawing, digit))
    state[_DIGIT] = None
    # A new key is a new canvas: the component keeps its own content otherwise.
    state[_VERSION] += 1


def forget_drawings() -> None:
    """Begin anew."""
    st.session_state.pop(_DRAWINGS, None)


def _remove_last() -> None:
    st.session_state[_DRAWINGS].pop()


def _tell_how_many(count: int) -> None:
    if not count:
        st.caption("Draw a digit, say which it is, and add it. Then the next.")
        return
    st.caption(f"{count} {'digit' if count == 1 else 'digits'} so far.")
    st.button("Remove the last", key="evaluate_drawn_remove", icon=":material/undo:",
              on_click=callback(_remove_last), type="tertiary")  # fmt: skip
