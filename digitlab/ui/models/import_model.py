"""Import a model that was made elsewhere."""

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from digitlab.datasets.registry import list_dataset_specs
from digitlab.model_store.imports import start_model_import
from digitlab.model_store.names import MAX_LABEL_LENGTH
from digitlab.model_store.store import list_models
from digitlab.step_jobs import StepStatus
from digitlab.ui.hosting import is_hosted
from digitlab.ui.import_panel import ImportPanel
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import escape_label, escape_markdown
from digitlab.ui.visitor import get_owner

_PANEL = ImportPanel("models_import")
# The id of the last imported model.
_IMPORTED = "models_imported"
_STEPS = ("Checking the file …", "Finding out its input …", "Testing it …", "Saving it …")


def render_import() -> None:
    """Render an expander with the form, or the progress of the import."""
    has_news = _PANEL.has_news
    with st.expander(
        "Import a model",
        icon=":material/upload_file:",
        expanded=has_news,
        key=f"models_import_{has_news}",
    ):
        if is_hosted():
            st.caption("Importing models is off while this app is open to others.")
        elif _PANEL.is_running:
            _PANEL.render_progress(_describe_progress, _remember)
        else:
            _render_form()
    if _IMPORTED in st.session_state:
        _render_result(st.session_state[_IMPORTED])


def _render_form() -> None:
    st.caption(
        "A classifier of images that was made elsewhere, as `.keras`, `.h5` or `.tflite`. Its "
        "layers are checked before it is opened. Then it is converted and tested."
    )
    file = _PANEL.render_uploader("A model file")
    name, data = st.columns(2)
    name_key = _PANEL.render_name(file, name, max_length=MAX_LABEL_LENGTH)
    labels = {"": "Find out"} | {
        spec.id: escape_label(spec.label)
        for spec in list_dataset_specs(viewer=get_owner())
        if spec.base is None and not spec.is_deleted
    }
    data.selectbox(
        "Test it on",
        list(labels),
        format_func=labels.__getitem__,
        key="models_import_dataset",
        help="“Find out” tries the data sets with as many classes and images of the same size, and "
        "the usual ranges of pixels: 0 to 255, 0 to 1, -1 to 1, and standardised.",
    )
    st.button(
        "Import the model",
        key="models_import_start",
        icon=":material/add:",
        disabled=file is None,
        on_click=callback(_start),
        args=(file, name_key),
    )
    _PANEL.render_problem()


def _start(file: UploadedFile, name_key: str) -> None:
    st.session_state.pop(_IMPORTED, None)
    label, dataset = st.session_state[name_key], st.session_state["models_import_dataset"]
    _PANEL.start(
        lambda: start_model_import(
            file.getbuffer(), file.name, label=label, dataset=dataset, owner=get_owner()
        )
    )


def _describe_progress(status: StepStatus) -> str:
    return _STEPS[min(status.done, len(_STEPS) - 1)]


def _remember(model_id: str) -> None:
    st.session_state[_IMPORTED] = model_id


def _render_result(model_id: str) -> None:
    """Say what came in, until the next import; not if it was deleted again."""
    model = next((one for one in list_models(viewer=get_owner()) if one.id == model_id), None)
    if model is None or model.imported is None:
        return
    changes = escape_markdown(" ".join(model.imported["changes"]))
    st.success(
        f"[{escape_label(model.label)}](#{model.id}) is imported. {changes} It classifies "
        f"{model.accuracy:.2%} of the test images of {escape_markdown(model.card['data']['label'])}"
        " correctly.",
        icon=":material/check:",
    )
