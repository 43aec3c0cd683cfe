"""A person's own test set: labelled pictures in a zip, or digits drawn here; for this session."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from digitlab.errors import UserTestSetError
from digitlab.evaluation.report import evaluate_images
from digitlab.evaluation.results_cache import TestImages
from digitlab.evaluation.user_test_set import (
    UserTestSet,
    label_drawings,
    pack_labelled_zip,
    read_labelled_zip,
)
from digitlab.evaluation.zip_safety import MAX_UPLOAD_MB
from digitlab.ui.canvas import Drawing, get_drawing, render_ink_canvas
from digitlab.ui.evaluate.confusion import render_confusion
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.evaluate.overview import render_downloads
from digitlab.ui.evaluate.url_state import update_url
from digitlab.ui.model_cache import get_reader
from digitlab.ui.selectors import render_segments
from digitlab.ui.streamlit_internals import callback

# Kept under keys of ours: a widget's state goes when its page is left.
_DRAWINGS, _DRAWINGS_VERSION = "evaluate_drawings", "evaluate_canvas_version"
_DIGIT, _DRAWINGS_PROBLEM = "evaluate_drawn_digit", "evaluate_drawn_problem"
_SIDE_PX, _PEN_PX = 220, 14

# Kept under keys of ours: a widget's state goes when its page is left.
_SET, _SOURCE, _NAME = "evaluate_own_set", "evaluate_own_source", "evaluate_own_name"
_TESTED, _PROBLEM, _VERSION = "evaluate_own_tested", "evaluate_own_problem", "evaluate_own_version"
_WAYS = {
    "zip": ":material/folder_zip: Zip of pictures",
    "draw": ":material/draw: Draw them",
}


def render_user_drawings(on_ready: Callable[[UserTestSet], object]) -> None:
    """A small canvas, the digit that is meant, and a button; all digits as a test set.

    Args:
        on_ready: called with the digits that were drawn when they are to be read.
    """
    drawings: list[tuple[Drawing, int]] = st.session_state.setdefault(_DRAWINGS, [])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(key="evaluate_canvas_steady", width=_SIDE_PX + 20):
            version = st.session_state.setdefault(_DRAWINGS_VERSION, 0)
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
    problem = st.session_state.pop(_DRAWINGS_PROBLEM, None)
    if problem:
        st.error(problem)


def _gather(on_ready: Callable[[UserTestSet], object]) -> None:
    try:
        on_ready(label_drawings(st.session_state[_DRAWINGS]))
    except UserTestSetError as error:
        st.session_state[_DRAWINGS_PROBLEM] = str(error)


def _add() -> None:
    state = st.session_state
    # Read now: the last stroke, or another digit, may come with the click.
    drawing, digit = get_drawing(f"evaluate_canvas_{state[_DRAWINGS_VERSION]}"), state[_DIGIT]
    if digit is None or not drawing or not drawing["objects"]:
        return
    state[_DRAWINGS].append((drawing, digit))
    state[_DIGIT] = None
    # A new key is a new canvas: the component keeps its own content otherwise.
    state[_DRAWINGS_VERSION] += 1


def clear_drawings() -> None:
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


def render_user_test_set(tested: EvaluatedModel) -> EvaluatedModel | None:
    """Ask for digits; show how the model reads them. They are kept for this session only.

    Returns:
        The model on the person's own digits; None while there are none.
    """
    if not tested.has_digits:
        st.info("This network reads no digits. Choose another model for a test set of your own.")
        return None
    st.markdown("See how the network reads digits that you or others wrote.")
    way = render_segments("Where they come from", _WAYS, key="evaluate_own_way")
    if way == "zip":
        _render_upload()
    else:
        render_user_drawings(lambda drawn: _keep(drawn, "drawn", "Digits drawn by you"))
    own: UserTestSet | None = st.session_state.get(_SET)
    if own is None:
        return None
    result = _evaluate(tested, own)
    _render_result(result, own)
    return result


def _render_upload() -> None:
    state = st.session_state
    file: UploadedFile | None = st.file_uploader(
        "A zip of labelled pictures",
        type=["zip"],
        key=f"evaluate_own_zip_{state.get(_VERSION, 0)}",
        max_upload_size=MAX_UPLOAD_MB,
    )
    st.caption(
        "Sort the pictures into folders named by their digit: `7/photo.png` is a 7. Nothing is "
        "kept beyond this session."
    )
    if file is not None and state.get(_SOURCE) != file.file_id:
        _keep(_read_zip(file), file.file_id, file.name)
    if file is not None and _PROBLEM in state:
        st.error(state[_PROBLEM])


def _read_zip(file: UploadedFile) -> UserTestSet | None:
    """The digits in it; None, with a problem to tell, where there are none."""
    bar = st.progress(0.0, "Reading the zip …")

    def tell(done: int, n: int) -> None:
        bar.progress(done / n, f"{done:,} of {n:,} pictures")

    st.session_state.pop(_PROBLEM, None)
    try:
        return read_labelled_zip(file, progress=tell)
    except UserTestSetError as error:
        st.session_state[_PROBLEM] = str(error)
        return None
    finally:
        bar.empty()


def _keep(own: UserTestSet | None, source: str, name: str) -> None:
    state = st.session_state
    state[_SET], state[_SOURCE], state[_NAME] = own, source, name
    state.pop(_TESTED, None)


def _forget() -> None:
    for key in (_SET, _SOURCE, _NAME, _TESTED, _PROBLEM):
        st.session_state.pop(key, None)
    clear_drawings()
    # A new key is an empty uploader.
    st.session_state[_VERSION] = st.session_state.get(_VERSION, 0) + 1
    update_url(cell=None, digit=None)


def _evaluate(tested: EvaluatedModel, own: UserTestSet) -> EvaluatedModel:
    """Read once a model and set."""
    sha256 = tested.model.card["files"]["model.tflite"]["sha256"]
    kept: tuple[str, EvaluatedModel] | None = st.session_state.get(_TESTED)
    if kept is not None and kept[0] == sha256:
        return kept[1]
    report = evaluate_images(get_reader(tested.model), own.images, own.labels)
    data: dict[str, Any] = {
        "label": st.session_state[_NAME], "n": len(own.labels), "is_sample": False,
        "licence": "", "notes": [],
    }  # fmt: skip
    result = replace(
        tested, report=report, pictures=TestImages.of_all(own.images), data=data, names=own.names
    )
    st.session_state[_TESTED] = (sha256, result)
    return result


def _render_result(result: EvaluatedModel, own: UserTestSet) -> None:
    metrics = result.report.metrics
    low, high = metrics["interval"]
    st.subheader(result.data["label"], anchor=False)
    with st.container(horizontal=True, key="evaluate_own_figures"):
        st.metric("Read right", f"{metrics['n_correct']:,} of {metrics['n']:,}", width="content")
        st.metric("Accuracy", f"{metrics['accuracy']:.2%}", width="content",
                  help=f"95 % interval {low:.2%} to {high:.2%}.")  # fmt: skip
        st.metric("Taken for no digit", f"{int(result.report.is_rejected.sum()):,}",
                  width="content")  # fmt: skip
    for sentence in own.describe_skipped():
        st.warning(sentence)
    if metrics["n"] < 100:
        st.caption(
            f"So few digits tell little: the accuracy may as well be anything from {low:.0%} to "
            f"{high:.0%}."
        )
    render_confusion(result)
    with st.container(horizontal=True):
        render_downloads(result, key="evaluate_own_report")
        st.download_button(
            "These digits (zip)",
            lambda: pack_labelled_zip(own),
            file_name="digits.zip",
            mime="application/zip",
            key="evaluate_own_take",
            icon=":material/folder_zip:",
            help="To be tested again another day: nothing of them is kept here.",
            on_click="ignore",
        )
        st.button("Forget these digits", key="evaluate_own_forget", on_click=callback(_forget),
                  icon=":material/delete:")  # fmt: skip
