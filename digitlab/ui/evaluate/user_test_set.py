"""A user's own test set: labelled pictures in a zip, or digits drawn here; for this session."""

from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from digitlab.errors import LabelledFilesError
from digitlab.evaluation.report import evaluate_images
from digitlab.evaluation.results_cache import TestImages
from digitlab.evaluation.user_test_set import (
    UserTestSet,
    label_drawings,
    pack_labelled_zip,
    read_labelled_zip,
)
from digitlab.ui.canvas import Drawing, get_drawing, render_ink_canvas, replace_drawing
from digitlab.ui.evaluate.confusion import render_confusion
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel, ShownSamples
from digitlab.ui.evaluate.overview import render_downloads
from digitlab.ui.evaluate.url_state import update_url
from digitlab.ui.metric_help import format_interval
from digitlab.ui.model_cache import get_reader
from digitlab.ui.selectors import render_segments
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import escape_label, escape_markdown, render_error
from digitlab.zip_safety import MAX_UPLOAD_MB

# Streamlit drops a widget's state when its page is left; these keys are kept.
_DRAWINGS, _CANVAS, _ADD = "evaluate_drawings", "evaluate_canvas", "evaluate_drawn_add"
_LABEL, _DRAWINGS_PROBLEM = "evaluate_drawn_label", "evaluate_drawn_problem"
_TEST_SET, _SOURCE_ID, _NAME = "evaluate_own_set", "evaluate_own_source_id", "evaluate_own_name"
_RESULT, _ZIP_PROBLEM = "evaluate_own_result", "evaluate_own_problem"
_UPLOADER_VERSION = "evaluate_own_version"

_SIDE_PX, _PEN_PX = 220, 14
_SOURCES = {
    "zip": ":material/folder_zip: Zip of pictures",
    "draw": ":material/draw: Draw them",
}
# Below this number of digits the page points out how wide the interval is.
_FEW_DIGITS = 100


def render_user_test_set(evaluated: EvaluatedModel) -> ShownSamples | None:
    """Render the input of labelled digits and how the model reads them.

    Returns:
        The digits of the user's test set; None while there is none.
    """
    if not evaluated.is_digits:
        st.info("This network does not read digits. Choose another model to test your own digits.")
        return None
    st.markdown("Test the network on digits that you or others wrote.")
    source = render_segments("Source of the digits", _SOURCES, key="evaluate_own_source")
    if source == "zip":
        _render_upload()
    else:
        _render_drawings()
    test_set: UserTestSet | None = st.session_state.get(_TEST_SET)
    if test_set is None:
        return None
    result = _evaluate(evaluated, test_set)
    return _render_result(result, test_set)


def _render_upload() -> None:
    state = st.session_state
    file: UploadedFile | None = st.file_uploader(
        "A zip of labelled pictures",
        type=["zip"],
        key=f"evaluate_own_zip_{state.get(_UPLOADER_VERSION, 0)}",
        max_upload_size=MAX_UPLOAD_MB,
    )
    st.caption(
        "Sort the pictures into folders named after their digit: `7/photo.png` has the label 7. "
        "Nothing is stored beyond this session."
    )
    if file is not None and state.get(_SOURCE_ID) != file.file_id:
        _set_test_set(_read_zip(file), file.file_id, file.name)
    if file is not None and _ZIP_PROBLEM in state:
        render_error(state[_ZIP_PROBLEM])


def _read_zip(file: UploadedFile) -> UserTestSet | None:
    """The digits in the zip; None if there are none, with the reason in the session state."""
    bar = st.progress(0.0, "Reading the zip …")

    def update_progress(done: int, n: int) -> None:
        bar.progress(done / n, f"{done:,} of {n:,} pictures")

    st.session_state.pop(_ZIP_PROBLEM, None)
    try:
        return read_labelled_zip(file, progress=update_progress)
    except LabelledFilesError as error:
        st.session_state[_ZIP_PROBLEM] = str(error)
        return None
    finally:
        bar.empty()


def _render_drawings() -> None:
    """A small canvas, the digit's label, and the button that evaluates all drawings."""
    drawings: list[tuple[Drawing, int]] = st.session_state.setdefault(_DRAWINGS, [])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=_SIDE_PX + 20):
            drawing = render_ink_canvas(
                _SIDE_PX,
                _SIDE_PX,
                pen_px=_PEN_PX,
                key=_CANVAS,
                label="Canvas: draw one digit",
                replacing_keys=[_ADD],
            )
        with st.container():
            label = st.pills("Label", range(10), key=_LABEL)
            has_ink = bool(drawing["objects"])
            st.button(
                "Add",
                key=_ADD,
                icon=":material/add:",
                disabled=not has_ink or label is None,
                on_click=callback(_add_drawing),
            )
            _render_drawing_count(len(drawings))
    st.button(
        "Evaluate",
        key="evaluate_drawn_read",
        type="primary",
        disabled=not drawings,
        on_click=callback(_use_drawings),
    )
    problem = st.session_state.pop(_DRAWINGS_PROBLEM, None)
    if problem:
        render_error(problem)


def _render_drawing_count(count: int) -> None:
    if not count:
        st.caption("Draw a digit, choose its label, and add it. Then draw the next one.")
        return
    st.caption(f"{count} {'digit' if count == 1 else 'digits'} so far.")
    st.button("Remove the last", key="evaluate_drawn_remove", icon=":material/undo:",
              on_click=callback(_remove_last_drawing), type="tertiary")  # fmt: skip


def _add_drawing() -> None:
    state = st.session_state
    # Read in the callback: the last stroke, or another label, may arrive with the click.
    drawing = get_drawing(_CANVAS)
    label = state[_LABEL]
    if label is None or not drawing["objects"]:
        return
    state[_DRAWINGS].append((drawing, label))
    state[_LABEL] = None
    replace_drawing(_CANVAS, None)


def _remove_last_drawing() -> None:
    st.session_state[_DRAWINGS].pop()


def _use_drawings() -> None:
    try:
        test_set = label_drawings(st.session_state[_DRAWINGS])
    except LabelledFilesError as error:
        st.session_state[_DRAWINGS_PROBLEM] = str(error)
        return
    _set_test_set(test_set, "drawn", "Digits drawn by you")


def _set_test_set(test_set: UserTestSet | None, source_id: str, name: str) -> None:
    state = st.session_state
    state[_TEST_SET], state[_SOURCE_ID], state[_NAME] = test_set, source_id, name
    state.pop(_RESULT, None)


def _discard_test_set() -> None:
    for key in (_TEST_SET, _SOURCE_ID, _NAME, _RESULT, _ZIP_PROBLEM, _DRAWINGS):
        st.session_state.pop(key, None)
    # A new key makes an empty uploader.
    st.session_state[_UPLOADER_VERSION] = st.session_state.get(_UPLOADER_VERSION, 0) + 1
    update_url(cell=None, sample=None)


def _evaluate(evaluated: EvaluatedModel, test_set: UserTestSet) -> EvaluatedModel:
    """Evaluate the model on the test set, once."""
    sha256 = evaluated.model.sha256
    kept: tuple[str, EvaluatedModel] | None = st.session_state.get(_RESULT)
    if kept is not None and kept[0] == sha256:
        return kept[1]
    report = evaluate_images(get_reader(evaluated.model), test_set.images, test_set.labels)
    data: dict[str, Any] = {
        "label": st.session_state[_NAME], "n": len(test_set.labels), "licence": "", "notes": [],
    }  # fmt: skip
    result = replace(
        evaluated,
        report=report,
        images=TestImages.of_all(test_set.images),
        data=data,
        names=test_set.names,
    )
    st.session_state[_RESULT] = (sha256, result)
    return result


def _render_result(result: EvaluatedModel, test_set: UserTestSet) -> ShownSamples:
    metrics = result.report.metrics
    low, high = metrics["interval"]
    st.subheader(escape_label(result.data["label"]), anchor=False)
    with st.container(horizontal=True, key="evaluate_own_metrics"):
        st.metric("Correct", f"{metrics['n_correct']:,} of {metrics['n']:,}", width="content")
        st.metric("Accuracy", f"{metrics['accuracy']:.2%}", width="content",
                  help=format_interval(low, high))  # fmt: skip
        st.metric("Rejected", f"{int(result.report.is_rejected.sum()):,}",
                  width="content")  # fmt: skip
    for sentence in test_set.describe_skipped():
        st.warning(escape_markdown(sentence))
    if metrics["n"] < _FEW_DIGITS:
        st.caption(
            f"With so few digits the 95 % confidence interval of the accuracy is wide: {low:.0%} "
            f"to {high:.0%}."
        )
    shown = render_confusion(result)
    with st.container(horizontal=True):
        render_downloads(result, key="evaluate_own_report")
        st.download_button(
            "These digits (zip)",
            lambda: pack_labelled_zip(test_set),
            file_name="digits.zip",
            mime="application/zip",
            key="evaluate_own_download",
            icon=":material/folder_zip:",
            help="Keep the zip to test other models later: nothing is stored here.",
            on_click="ignore",
        )
        st.button("Discard these digits", key="evaluate_own_discard",
                  on_click=callback(_discard_test_set), icon=":material/delete:")  # fmt: skip
    return shown
