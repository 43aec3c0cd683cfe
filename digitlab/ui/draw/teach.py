"""Teach the chosen model the user's hand: labelled drawings, and the run that learns them."""

from functools import partial

import streamlit as st

from digitlab.errors import EmptyInkError, InkError
from digitlab.ink import parse_drawing, prepare_drawing
from digitlab.model_store.stored_model import StoredModel
from digitlab.png import build_data_uri, to_dark_on_light
from digitlab.quantities import format_count
from digitlab.runs.control import start_new_run
from digitlab.runs.launcher import is_training_installed
from digitlab.training.teaching import (
    MAX_FILE_MB,
    MIN_DIGITS,
    LabelledDrawing,
    build_taught_digits,
    build_taught_label,
    build_teaching_config,
    check_amount,
    format_drawings,
    parse_drawings,
)
from digitlab.ui.actions import notify, render_action_error, report_errors
from digitlab.ui.canvas import get_drawing, replace_drawing
from digitlab.ui.draw.canvas import CANVAS_KEY
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import shorten
from digitlab.ui.train.run_choice import open_run_page
from digitlab.ui.visitor import get_owner

_DRAWINGS = "teach_drawings"
_UPLOAD, _N_UPLOADS = "teach_upload", "teach_n_uploads"
_PLACE = "teach"


def render_correction() -> None:
    """Offer to say which digit was drawn; it is added, and the canvas cleared for the next."""
    # A new key makes a new, closed popover.
    n = len(_get_drawings())
    with st.popover("Wrong? Tell it", icon=":material/school:", key=f"teach_popover_{n}"):
        st.markdown("Which digit did you draw?")
        # Buttons: a choice that is still on its way would be added to the next drawing as well.
        with st.container(horizontal=True, gap="xsmall"):
            for digit in range(10):
                st.button(
                    str(digit),
                    key=f"teach_as_{digit}",
                    on_click=report_errors(partial(_add, digit), place=_PLACE),
                )
        st.caption("It is added to the digits below. They stay in this browser session.")


def render_teaching(model: StoredModel) -> None:
    """Render the digits so far, and the button that fine-tunes the model on them."""
    drawings = _get_drawings()
    label = f"Teach it your hand · {format_count(len(drawings), 'digit')}"
    with st.expander(label, icon=":material/school:", key="teach"):
        st.caption(
            f"Draw digits and say which they are. From {MIN_DIGITS} on, a short run goes on "
            "training the model, on them and on its original data, and saves the result as a new "
            "model. The drawings stay in this browser session; the run keeps 28×28 images of them."
        )
        render_action_error(_PLACE)
        if drawings:
            st.html(_build_thumbnails(drawings))
        with st.container(horizontal=True):
            _render_start(model, len(drawings))
            if drawings:
                st.button("Remove the last", icon=":material/undo:", key="teach_remove",
                          on_click=callback(drawings.pop))  # fmt: skip
                st.download_button(
                    "Save as a file", lambda: format_drawings(drawings), on_click="ignore",
                    file_name="my_digits.json", icon=":material/download:", key="teach_save",
                )  # fmt: skip
        # A new key makes an empty uploader.
        key = f"{_UPLOAD}_{st.session_state.get(_N_UPLOADS, 0)}"
        st.file_uploader(
            "Load a file that was saved here", type=["json"], key=key, max_upload_size=MAX_FILE_MB,
            on_change=report_errors(lambda: _load(key), place=_PLACE),
        )  # fmt: skip


def _get_drawings() -> list[LabelledDrawing]:
    drawings: list[LabelledDrawing] = st.session_state.setdefault(_DRAWINGS, [])
    return drawings


def _add(label: int) -> None:
    # Read in the callback: the last stroke may arrive with the click.
    drawing = get_drawing(CANVAS_KEY)
    if not drawing["objects"]:
        raise EmptyInkError("Draw a digit first, then say which one it is.")
    parse_drawing(drawing)
    check_amount([*_get_drawings(), (drawing, label)])
    _get_drawings().append((drawing, label))
    replace_drawing(CANVAS_KEY, None)
    n = format_count(len(_get_drawings()), "digit")
    notify(f"Added as {label}: {n} so far.", ":material/school:")


def _load(key: str) -> None:
    file = st.session_state[key]
    if file is None:
        return
    drawings = parse_drawings(file.getvalue())
    check_amount([*_get_drawings(), *drawings])
    _get_drawings().extend(drawings)
    st.session_state[_N_UPLOADS] = st.session_state.get(_N_UPLOADS, 0) + 1


def _render_start(model: StoredModel, n: int) -> None:
    reason = None
    if not is_training_installed():
        reason = "The training packages are not installed: `make install`."
    elif model.imported is not None:
        reason = "This model was imported. Choose one that was trained here."
    missing = MIN_DIGITS - n
    st.button(
        f"Fine-tune {model.label} on my digits" if missing <= 0 else f"{missing} more to fine-tune",
        key="teach_start",
        type="primary",
        icon=":material/model_training:",
        disabled=missing > 0 or reason is not None,
        help=reason,
        on_click=report_errors(lambda: _start(model), place=_PLACE),
    )


def _start(model: StoredModel) -> None:
    taught = build_taught_digits(_get_drawings())
    config = build_teaching_config(model.id, model.card["config"])
    run = start_new_run(
        config, label=shorten(build_taught_label(model.label)), taught=taught, owner=get_owner()
    )
    open_run_page(run)


def _build_thumbnails(drawings: list[LabelledDrawing]) -> str:
    cells = []
    for drawing, label in drawings:
        try:
            image = prepare_drawing(parse_drawing(drawing)).image
        except InkError:
            continue
        source = build_data_uri(to_dark_on_light(image))
        cells.append(f'<figure><img src="{source}" alt="">'
                     f"<figcaption>{label}</figcaption></figure>")  # fmt: skip
    return f'<div class="teach-digits">{"".join(cells)}</div>'
