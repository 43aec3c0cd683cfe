"""The files of a model: each format's size, speed and accuracy, and its download."""

import streamlit as st

from digitlab.errors import ModelStoreError
from digitlab.evaluation.exports import (
    EXPORTS_KIND,
    ExportedFile,
    find_export,
    is_up_to_date,
    load_exports,
)
from digitlab.model_store.card import CARD_FILE
from digitlab.model_store.formats import MODEL_FORMATS, ModelFormat
from digitlab.model_store.stored_model import StoredModel
from digitlab.ui.evaluate.job_panel import render_job
from digitlab.ui.text import escape_markdown, render_error


def render_exports(model: StoredModel) -> None:
    """Render the downloads, and the table of all formats or the button that makes them."""
    try:
        measured = load_exports(model)
    except ModelStoreError as error:
        render_error(error)
        measured = {}
    with st.container(horizontal=True):
        for model_format in MODEL_FORMATS:
            _render_download(model, model_format)
        _render_card_download(model)
    if measured:
        _render_table(measured)
    if not model.has_keras_file:
        st.caption("This model came as `.tflite`, which cannot be converted to other formats.")
    elif not is_up_to_date(measured):
        render_job(model, EXPORTS_KIND, "Export to all formats", place=model.id)


def _render_download(model: StoredModel, model_format: ModelFormat) -> None:
    path = find_export(model, model_format)
    if path is not None:
        st.download_button(
            model_format.label,
            path.read_bytes,
            file_name=model_format.get_download_name(model.id),
            key=f"models_{model.id}_{model_format.file_name}",
            help=model_format.help,
            icon=":material/download:",
            on_click="ignore",
        )


def _render_card_download(model: StoredModel) -> None:
    st.download_button(
        "Model card",
        (model.directory / CARD_FILE).read_bytes,
        file_name=f"{model.id}_{CARD_FILE}",
        key=f"models_{model.id}_{CARD_FILE}",
        help="The training data, accuracy, command and versions.",
        icon=":material/download:",
        on_click="ignore",
    )


def _render_table(measured: dict[str, ExportedFile]) -> None:
    rows = [
        (each, measured[each.id])
        for each in MODEL_FORMATS
        if each.id in measured and not measured[each.id].note
    ]
    n_tested = rows[0][1].n_tested
    st.table(
        {
            "Format": [each.label for each, _ in rows],
            "Size": [f"{one.n_bytes / 1e6:.2f} MB" for _, one in rows],
            "Time an image": [f"{one.latency_ms:.2f} ms" for _, one in rows],
            "Accuracy": [f"{one.accuracy:.2%}" for _, one in rows],
            "Same answers": [f"{one.agreement:.2%}" for _, one in rows],
            "Largest difference": [f"{one.max_difference:.1g}" for _, one in rows],
        },
        hide_index=True,
        border="horizontal",
    )
    st.caption(
        f"Each file run by its own runtime on {n_tested:,} test images. Same answers and largest "
        "difference of a probability: compared with the Keras file."
    )
    for one in measured.values():
        if one.note:
            st.caption(escape_markdown(one.note))
