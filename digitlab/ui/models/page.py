"""Models: what is on the shelf, how good it is, and how to take it away."""

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.model_store.store import StoredModel, list_models
from digitlab.nets.architectures import NETS

DOWNLOADS = {
    "model.keras": ("Keras", "For Keras: load, train on, look inside."),
    "model.tflite": ("TFLite", "For phones and small machines: LiteRT or TensorFlow Lite."),
    "card.json": ("Card", "What it is, its data, accuracy, command and versions."),
}


def render_model(model: StoredModel) -> None:
    """One model: its figures, where it comes from, its files."""
    card = model.card
    test, low_high = card["test"], card["test"]["interval"]
    st.subheader(model.label, anchor=model.id)
    if card["net"] in NETS:
        st.caption(NETS[card["net"]].blurb)
    for note in model.notes:
        st.warning(note, icon=":material/info:")
    accuracy, loss, size = st.columns(3)
    accuracy.metric(
        "Accuracy on test digits",
        f"{model.accuracy:.2%}",
        help=f"{test['n']:,} digits it never saw; "
        f"95 % interval {low_high[0]:.2%} to {low_high[1]:.2%}.",
    )
    loss.metric("Loss", f"{test['loss']:.4f}", help="Cross-entropy on the same digits.")
    size.metric("Size", f"{card['files']['model.tflite']['bytes'] / 1e6:.2f} MB", help="As TFLite.")
    data = card["data"]
    st.markdown(
        f"Trained on {data['n_training']:,} images of {data['label']} "
        f"({data['source']}, {data['licence']}) in {card['training']['seconds'] / 60:.0f} minutes. "
        f"To train it again:"
    )
    st.code(card["command"], language="bash", wrap_lines=True)
    render_downloads(model)


def render_downloads(model: StoredModel) -> None:
    """A button for each file of the model."""
    with st.container(horizontal=True):
        for name, (label, help_text) in DOWNLOADS.items():
            path = model.directory / name
            if path.is_file():
                st.download_button(
                    label,
                    path.read_bytes(),
                    file_name=f"{model.id}{path.suffix}",
                    key=f"models_{model.id}_{name}",
                    help=help_text,
                    icon=":material/download:",
                    on_click="ignore",
                )


def render_page() -> None:
    """All models on the shelf."""
    st.title("Models")
    st.caption("The networks on the shelf. Take one away, or use it on the Draw page.")
    try:
        for shelved in list_models():
            with st.container(border=True):
                render_model(shelved)
    except DigitlabError as error:
        st.error(str(error))
