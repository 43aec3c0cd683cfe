"""The user's own data set: upload a zip of labelled pictures, see what was found, delete it."""

from html import escape

import numpy as np
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from digitlab.dataset_import.importing import (
    DEFAULT_IMAGE_PX,
    IMAGE_SIZES_PX,
    MAX_CLASSES,
    MIN_CLASSES,
    MIN_IMAGES_PER_CLASS,
)
from digitlab.dataset_import.jobs import start_import
from digitlab.datasets.loading import load_dataset
from digitlab.datasets.registry import get_dataset_spec
from digitlab.datasets.user_datasets import (
    MAX_LABEL_LENGTH,
    UserDataset,
    check_label,
    delete_user_dataset,
    find_user_dataset,
)
from digitlab.errors import DatasetError
from digitlab.png import build_data_uri
from digitlab.quantities import format_count
from digitlab.step_jobs import StepStatus
from digitlab.training.config import TrainConfig
from digitlab.ui.actions import render_action_error, report_errors
from digitlab.ui.import_panel import ImportPanel
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import escape_label, escape_markdown, render_error
from digitlab.ui.visitor import get_owner

_PANEL = ImportPanel("train_own")
_CHOICE = "train_dataset_choice"
_PLACE = "train_user_dataset"
_N_CLASSES_SHOWN, _N_SAMPLES = 12, 4
_CSS = """
<style>
.own-classes { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.4rem;
  margin: 0.4rem 0; }
.own-classes > div { display: flex; align-items: center; gap: 0.3rem; }
.own-classes span { flex: 1 1 5rem; min-width: 0; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; font-size: 0.875rem; }
.own-classes b { font-weight: 400; font-variant-numeric: tabular-nums; font-size: 0.875rem;
  min-width: 2.2rem; text-align: right; margin-right: 0.3rem; }
.own-classes img { flex: none; width: 2.4rem; height: 2.4rem; border-radius: 0.2rem; }
</style>
"""


def take_dataset_choice() -> str | None:
    """The id of the data set that the form should select, once, after an import or a deletion."""
    chosen: str | None = st.session_state.pop(_CHOICE, None)
    return chosen


def render_user_dataset(dataset_id: str) -> None:
    """Render what is known about the chosen data set, if it is the user's, and the upload.

    Args:
        dataset_id: the data set chosen in the form.
    """
    render_action_error(_PLACE)
    own = find_user_dataset(dataset_id)
    if own is not None and not own.is_deleted:
        with st.expander("About this data set", icon=":material/photo_library:", expanded=True):
            _render_found(own)
    has_news = _PANEL.has_news
    with st.expander(
        "Use your own pictures",
        icon=":material/add_photo_alternate:",
        expanded=has_news,
        key=f"train_own_data_{has_news}",
    ):
        if _PANEL.is_running:
            _PANEL.render_progress(_describe_progress, _choose)
        else:
            _render_upload()


def _render_upload() -> None:
    state = st.session_state
    st.caption(
        f"Sort photos into folders named after their class, such as `rose/photo.jpg`, and zip "
        f"them: {MIN_CLASSES} to {MAX_CLASSES} classes, at least {MIN_IMAGES_PER_CLASS} photos "
        "each. From a larger folder: `python -m digitlab train --data FOLDER`."
    )
    file = _PANEL.render_uploader("A zip of pictures", ["zip"])
    name, size = st.columns([1.4, 1])
    name_key = _PANEL.render_name(file, name, max_length=MAX_LABEL_LENGTH)
    state.setdefault("train_own_px", DEFAULT_IMAGE_PX)
    size.selectbox(
        "Image size",
        IMAGE_SIZES_PX,
        format_func=lambda px: f"{px}×{px} pixels",
        key="train_own_px",
        help="The square in the middle of each photo is scaled to this size. Larger images show "
        "more detail and train more slowly: twice the width takes four times as long.",
    )
    st.button(
        "Create the data set",
        key="train_own_create",
        icon=":material/add:",
        disabled=file is None,
        on_click=callback(_start),
        args=(file, name_key),
    )
    _PANEL.render_problem()


def _start(file: UploadedFile, name_key: str) -> None:
    label, image_px = st.session_state[name_key], st.session_state["train_own_px"]
    _PANEL.start(
        lambda: start_import(
            file.getbuffer(), check_label(label), image_px=image_px, owner=get_owner()
        )
    )


def _describe_progress(status: StepStatus) -> str:
    if not status.total:
        return "Reading the zip …"
    return f"{status.done:,} of {status.total:,} pictures"


def _choose(dataset_id: str) -> None:
    st.session_state[_CHOICE] = dataset_id


def _render_found(own: UserDataset) -> None:
    """Classes with counts and samples, what was left out, the rule, and the deletion."""
    st.markdown(
        f"**{escape_label(own.label)}**: {format_count(own.n_train, 'training image')} and "
        f"{format_count(own.n_test, 'test image')} of {len(own.class_names)} classes."
    )
    try:
        strips = _build_strips(own.id, own.file_sha256)
    except DatasetError as error:
        render_error(error)
        strips = [""] * _N_CLASSES_SHOWN
    rows = zip(own.class_names, own.counts, strips, strict=False)
    st.html(
        f'{_CSS}<div class="own-classes" data-testid="own-classes">'
        + "".join(
            f'<div><span title="{escape(name)}">{escape(name)}</span><b>{count:,}</b>{strip}</div>'
            for name, count, strip in rows
        )
        + "</div>"
    )
    if len(own.class_names) > _N_CLASSES_SHOWN:
        st.caption(
            f"These are the first {_N_CLASSES_SHOWN} classes, with their numbers of images; the "
            "chart of the data preview has all."
        )
    for sentence in own.describe_left_out():
        st.caption(escape_markdown(sentence))
    st.caption(escape_markdown(own.resize_rule))
    with st.popover("Delete", icon=":material/delete:", key=f"train_own_delete_{own.id}"):
        st.markdown(
            f"Delete the images of {escape_label(own.label)}? Its runs and models are kept, but "
            "the runs cannot be repeated."
        )
        st.button(
            "Delete this data set",
            key="train_own_delete_confirmed",
            type="primary",
            on_click=report_errors(lambda: _delete(own.id), place=_PLACE),
        )


def _delete(dataset_id: str) -> None:
    delete_user_dataset(dataset_id, owner=get_owner())
    st.session_state[_CHOICE] = TrainConfig().dataset


@st.cache_data(show_spinner=False, max_entries=8)
def _build_strips(dataset_id: str, file_sha256: str) -> list[str]:
    """Some images of each of the first classes, as HTML."""
    dataset = load_dataset(get_dataset_spec(dataset_id), may_download=False)
    n_classes = min(len(dataset.spec.class_names), _N_CLASSES_SHOWN)
    return [
        "".join(
            f'<img src="{build_data_uri(image)}" alt="">'
            for image in dataset.images_train[
                np.flatnonzero(dataset.labels_train == k)[:_N_SAMPLES]
            ]
        )
        for k in range(n_classes)
    ]
