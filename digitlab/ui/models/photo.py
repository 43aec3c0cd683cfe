"""A picture of the user's, classified by a network of photos."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from digitlab.errors import InkError, ModelStoreError
from digitlab.inference.photos import fit_photo
from digitlab.inference.reader import format_percent
from digitlab.ink import decode_picture
from digitlab.model_store.stored_model import StoredModel
from digitlab.png import build_data_uri
from digitlab.ui.layer_pictures import render_layers
from digitlab.ui.model_cache import get_reader
from digitlab.ui.text import escape_markdown, render_error
from digitlab.zip_safety import MAX_UPLOAD_MB

_N_CLASSES_SHOWN = 5
_N_NAMES_SHOWN = 30
_CSS = """
<style>
.models-photo { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
.models-photo > img { width: 8rem; height: 8rem; image-rendering: pixelated;
  border-radius: 0.3rem; }
.models-classes { list-style: none; margin: 0 !important; padding: 0 !important; flex: 1 1 16rem; }
.models-classes > li { display: grid; grid-template-columns: 7rem minmax(0, 1fr) 3.5rem;
  gap: 0.6rem; align-items: center; margin: 0 !important; padding: 0 !important; }
.models-classes > li > :nth-child(2) { height: 0.7rem; border-radius: 0.2rem; overflow: hidden;
  background: rgba(128, 132, 140, 0.15); }
.models-classes > li > :first-child { overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.models-classes i { display: block; height: 100%; background: var(--accent); }
.models-classes > li > :last-child { text-align: right; font-variant-numeric: tabular-nums; }
</style>
"""


def render_photo_input(model: StoredModel) -> None:
    """Render an upload, and below it what the network sees and its most probable classes."""
    names = model.class_names
    height, width = model.image_shape[:2]
    with st.expander("Classify a picture", icon=":material/image:", key=f"models_try_{model.id}"):
        st.caption(
            f"One of: {escape_markdown(_list_names(names))}. The square in the middle of the "
            f"picture is scaled to {width}×{height} pixels."
        )
        file = st.file_uploader(
            "A picture",
            key=f"models_picture_{model.id}",
            max_upload_size=MAX_UPLOAD_MB,
            label_visibility="collapsed",
        )
        if file is None:
            return
        try:
            reader = get_reader(model)
            image = fit_photo(decode_picture(file.getvalue()), reader.image_shape)
        except (InkError, ModelStoreError) as error:
            render_error(error)
            return
        _render_classes(image, names, reader.compute_outputs(image[None])[0])
    render_layers(model, image, key=f"models_photo_layers_{model.id}")


def _list_names(names: Sequence[str]) -> str:
    n_more = len(names) - _N_NAMES_SHOWN
    return ", ".join(names[:_N_NAMES_SHOWN]) + (f" and {n_more} more" if n_more > 0 else "")


def _render_classes(
    image: np.ndarray, class_names: tuple[str, ...], probabilities: np.ndarray
) -> None:
    rows = "".join(
        f'<li><span title="{escape(class_names[k])}">{escape(class_names[k])}</span>'
        f'<span><i style="width:{probabilities[k]:.1%}"></i></span>'
        f"<span>{format_percent(float(probabilities[k]))}</span></li>"
        for k in np.argsort(probabilities)[::-1][:_N_CLASSES_SHOWN]
    )
    st.html(
        f'{_CSS}<div class="models-photo" role="status">'
        f'<img src="{build_data_uri(image)}" alt="What the network sees">'
        f'<ol class="models-classes" aria-label="Class probabilities">{rows}</ol></div>'
    )
