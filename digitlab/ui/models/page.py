"""The Models page: the shipped and saved models, their metrics and files; rename and delete."""

import streamlit as st

from digitlab.model_store.card import CARD_FILE
from digitlab.model_store.formats import MODEL_FORMATS
from digitlab.model_store.names import MAX_LABEL_LENGTH
from digitlab.model_store.store import delete_model, list_damaged_models, list_models, rename_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.nets.registry import NETS
from digitlab.quantities import format_duration
from digitlab.ui.actions import render_action_error, report_errors
from digitlab.ui.frame import page_header
from digitlab.ui.metric_help import (
    ACCURACY_HELP,
    CROSS_ENTROPY_HELP,
    SIZE_HELP,
    format_interval,
)
from digitlab.ui.models.photo import render_photo_input
from digitlab.ui.text import escape_label, escape_markdown, render_error, shorten


def render_page() -> None:
    """Render all models."""
    with page_header("Models"):
        caption = "Shipped and saved models, to use on the other pages and to download."
        st.caption(caption, width="content")
    models, damaged = list_models(), list_damaged_models()
    # The others are shown beside their model.
    render_action_error(elsewhere=[*(model.id for model in models), *damaged])
    if not models and not damaged:
        st.info("There is no model. Train one on the Train page.")
    for model in models:
        with st.container(border=True):
            _render_model(model)
    for model_id, damage in damaged.items():
        with st.container(border=True):
            st.subheader(escape_label(model_id), anchor=False)
            render_error(damage)
            _render_delete(model_id, model_id)
            render_action_error(model_id)


def _render_model(model: StoredModel) -> None:
    """The model's metrics, where it comes from, its files and actions."""
    card = model.card
    st.subheader(escape_label(model.label), anchor=model.id)
    if card["net"] in NETS:
        net = NETS[card["net"]]
        st.caption(f"{net.blurb} Source: {net.source}.")
    for note in model.notes:
        st.warning(escape_markdown(note), icon=":material/info:")
    _render_metrics(model)
    data = card["data"]
    source = escape_markdown(f"{data['label']} ({data['source']}, {data['licence']})")
    st.markdown(
        f"Trained on {data['n_training']:,} images of {source} in "
        f"{format_duration(card['training']['seconds'])}. To train it again:"
    )
    st.code(card["command"], language="bash", wrap_lines=True)
    _render_downloads(model)
    if not model.reads_digits and model.class_names:
        render_photo_input(model)
    if not model.is_shipped:
        with st.container(horizontal=True):
            _render_rename(model)
            _render_delete(model.id, model.label)
        render_action_error(model.id)


def _render_metrics(model: StoredModel) -> None:
    test = model.card["test"]
    low, high = test["interval"]
    noun = "digits" if model.reads_digits else "images"
    accuracy, loss, size = st.columns(3)
    accuracy.metric(
        "Accuracy on the offline sample" if model.is_sample else f"Accuracy on test {noun}",
        f"{model.accuracy:.2%}",
        help=f"{ACCURACY_HELP}\n\nMeasured on {test['n']:,} {noun} that were not trained on. "
        f"{format_interval(low, high)}",
    )
    loss.metric("Loss", f"{test['loss']:.4f}", help=CROSS_ENTROPY_HELP)
    size.metric("Size", f"{model.size_bytes / 1e6:.2f} MB", help=SIZE_HELP)


def _render_downloads(model: StoredModel) -> None:
    """A button for each format of the model, and one for its card."""
    downloads = [
        (
            model_format.file_name,
            model_format.get_download_name(model.id),
            model_format.label,
            model_format.help,
        )
        for model_format in MODEL_FORMATS
    ]
    card_help = "The training data, accuracy, command and versions."
    downloads.append((CARD_FILE, f"{model.id}_{CARD_FILE}", "Model card", card_help))
    with st.container(horizontal=True):
        for file_name, download_name, label, help_text in downloads:
            path = model.directory / file_name
            if path.is_file():
                st.download_button(
                    label,
                    path.read_bytes,
                    file_name=download_name,
                    key=f"models_{model.id}_{file_name}",
                    help=help_text,
                    icon=":material/download:",
                    on_click="ignore",
                )


def _render_rename(model: StoredModel) -> None:
    # A new name makes a new, closed popover.
    popover_key = f"models_rename_{model.id}_{model.label}"
    with st.popover("Rename", icon=":material/edit:", key=popover_key):
        key = f"models_label_{model.id}"
        st.text_input("Name", shorten(model.label), key=key, max_chars=MAX_LABEL_LENGTH)
        st.button(
            "Rename",
            key=f"models_rename_confirm_{model.id}",
            on_click=report_errors(
                lambda: _rename(model.id, st.session_state[key]), place=model.id
            ),
        )


def _render_delete(model_id: str, label: str) -> None:
    """The first click opens the question, the second one deletes."""
    with st.popover("Delete", icon=":material/delete:", key=f"models_delete_{model_id}"):
        st.markdown(f"Delete {escape_label(label)} and its files? This cannot be undone.")
        st.button(
            "Delete this model",
            key=f"models_delete_confirm_{model_id}",
            type="primary",
            on_click=report_errors(lambda: _delete(model_id, label), place=model_id),
        )


def _rename(model_id: str, label: str) -> None:
    model = rename_model(model_id, label)
    st.toast(f"The model is now named {escape_label(model.label)}.", icon=":material/edit:")


def _delete(model_id: str, label: str) -> None:
    delete_model(model_id)
    st.toast(f"{escape_label(label)} is deleted.", icon=":material/delete:")
