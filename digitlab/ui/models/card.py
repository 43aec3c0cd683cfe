"""One model on the Models page: its metrics, mistakes, actions and files."""

from datetime import datetime

import numpy as np
import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.evaluation.exports import delete_model_and_exports
from digitlab.evaluation.results_cache import measure_latency_ms
from digitlab.model_store.card import CardImport
from digitlab.model_store.names import MAX_LABEL_LENGTH
from digitlab.model_store.store import rename_model
from digitlab.model_store.stored_model import StoredModel
from digitlab.nets.registry import NETS
from digitlab.quantities import format_duration
from digitlab.ui.actions import render_action_error, report_errors
from digitlab.ui.code import render_code
from digitlab.ui.evaluate.evaluated_model import ShownSamples, load_evaluated_model
from digitlab.ui.evaluate.thumbnail_grid import render_thumbnail_grid
from digitlab.ui.metric_help import (
    ACCURACY_HELP,
    INFERENCE_TIME_HELP,
    SIZE_HELP,
    format_interval,
)
from digitlab.ui.model_cache import get_reader
from digitlab.ui.model_links import open_draw_page, open_evaluate_page
from digitlab.ui.models.exports import render_exports
from digitlab.ui.models.insides import render_insides
from digitlab.ui.models.photo import render_photo_input
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import escape_label, escape_markdown, render_error, shorten
from digitlab.ui.visitor import get_owner, is_mine

_N_MISTAKES = 20
# Measuring more would take a large network a second.
_N_TIMED = 5
# A large network is not loaded into the app's memory only to be timed.
_MAX_TIMED_BYTES = 10_000_000


def render_card(model: StoredModel) -> None:
    """Render all that is on the card at once; the mistakes follow with `render_mistakes`."""
    card = model.card
    st.subheader(escape_label(model.label), anchor=model.id)
    data = escape_markdown(card["data"]["label"])
    if model.imported is None:
        about = f"Trained on {data}."
    else:
        about = f"Imported from {escape_markdown(model.imported['file_name'])}, tested on {data}."
    if card["net"] in NETS:
        net = NETS[card["net"]]
        about += f" {net.blurb} Source: {net.source}."
    st.caption(about)
    for note in model.notes:
        st.warning(escape_markdown(note), icon=":material/info:")
    _render_metrics(model)


def render_mistakes(model: StoredModel) -> None:
    """Render a row of wrongly classified test images; a click opens one on the Evaluate page."""
    try:
        evaluated = load_evaluated_model(model)
    except DigitlabError as error:
        render_error(error)
        return
    wrong = ShownSamples.of_errors(evaluated).indices[:_N_MISTAKES]
    if evaluated.images is None or not len(wrong):
        return
    available = wrong[evaluated.images.is_available[wrong]]
    if len(available):
        render_thumbnail_grid(
            evaluated,
            available,
            key=f"models_mistakes_{model.id}",
            label=f"Mistakes of {shorten(model.label)}",
            is_row=True,
            on_pick=lambda index: open_evaluate_page(model.id, sample=index),
        )


def render_actions(model: StoredModel) -> None:
    """Render what can be done with the model, and what is inside it."""
    with st.container(horizontal=True, key=f"models_actions_{model.id}"):
        if model.reads_digits:
            st.button(
                "Draw with it", key=f"models_draw_{model.id}", icon=":material/draw:",
                on_click=callback(open_draw_page), args=(model.id,),
            )  # fmt: skip
        st.button(
            "Evaluate", key=f"models_evaluate_{model.id}", icon=":material/query_stats:",
            on_click=callback(open_evaluate_page), args=(model.id,),
        )  # fmt: skip
        if not model.is_shipped and is_mine(model.owner):
            _render_rename(model)
            render_delete(model.id, model.label)
    render_action_error(model.id)
    if not model.reads_digits and model.class_names:
        render_photo_input(model)
    render_insides(model)
    if model.imported is None:
        render_code(model.read_config, model.id, key=f"models_code_{model.id}")
    title = "Training and files" if model.imported is None else "Origin and files"
    with st.expander(title, icon=":material/download:"):
        if model.imported is None:
            _render_training(model)
        else:
            _render_origin(model, model.imported)
        render_exports(model)


def render_delete(model_id: str, label: str) -> None:
    """Render a button: the first click opens the question, the second one deletes."""
    with st.popover("Delete", icon=":material/delete:", key=f"models_delete_{model_id}"):
        st.markdown(f"Delete {escape_label(label)} and its files? This cannot be undone.")
        st.button(
            "Delete this model",
            key=f"models_delete_confirm_{model_id}",
            type="primary",
            on_click=report_errors(lambda: _delete(model_id, label), place=model_id),
        )


def _render_metrics(model: StoredModel) -> None:
    test = model.card["test"]
    low, high = test["interval"]
    noun = "digits" if model.reads_digits else "images"
    unseen = " that were not trained on" if model.imported is None else ""
    row = st.container(horizontal=True, key=f"models_metrics_{model.id}")
    row.metric(
        "Accuracy on the offline sample" if model.is_sample else f"Accuracy on test {noun}",
        f"{model.accuracy:.2%}",
        help=f"{ACCURACY_HELP}\n\nMeasured on {test['n']:,} {noun}{unseen}. "
        f"{format_interval(low, high)}",
    )
    row.metric("Size", f"{model.size_bytes / 1e6:.2f} MB", help=SIZE_HELP)
    if model.size_bytes <= _MAX_TIMED_BYTES:
        label = "Time a digit" if model.reads_digits else "Time an image"
        row.metric(label, _format_latency(model), help=INFERENCE_TIME_HELP)
    created = datetime.fromisoformat(model.card["created"])
    row.metric(
        "Trained" if model.imported is None else "Imported", f"{created.day} {created:%b %Y}"
    )


def _format_latency(model: StoredModel) -> str:
    try:
        return f"{_measure_latency_ms(model.sha256, _model=model):.2f} ms"
    except DigitlabError:
        # What is wrong with the file is said where it is used.
        return "–"


@st.cache_data(show_spinner=False, max_entries=100)
def _measure_latency_ms(sha256: str, *, _model: StoredModel) -> float:
    reader = get_reader(_model)
    return measure_latency_ms(reader, np.zeros((_N_TIMED, *reader.image_shape), np.uint8))


def _render_training(model: StoredModel) -> None:
    card = model.card
    data = card["data"]
    source = escape_markdown(f"{data['label']} ({data['source']}, {data['licence']})")
    st.markdown(
        f"Trained on {data['n_training']:,} images of {source} in "
        f"{format_duration(card['training']['seconds'])}. To train it again:"
    )
    st.code(card["command"], language="bash", wrap_lines=True)


def _render_origin(model: StoredModel, imported: CardImport) -> None:
    changes = " ".join(imported["changes"])
    st.markdown(
        f"From {escape_markdown(imported['file_name'])} ({imported['format']}, SHA-256 "
        f"{imported['sha256'][:16]}…). {escape_markdown(changes)}"
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


def _rename(model_id: str, label: str) -> None:
    model = rename_model(model_id, label, owner=get_owner())
    st.toast(f"The model is now named {escape_label(model.label)}.", icon=":material/edit:")


def _delete(model_id: str, label: str) -> None:
    delete_model_and_exports(model_id, owner=get_owner())
    st.toast(f"{escape_label(label)} is deleted.", icon=":material/delete:")
