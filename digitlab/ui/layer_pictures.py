"""The outputs of a network's layers, and its kernels, as pictures."""

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from digitlab.errors import ModelStoreError
from digitlab.figures.theme import INK_BLUE, VALIDATION, parse_colour
from digitlab.inference.layer_outputs import LayerOutput
from digitlab.model_store.stored_model import StoredModel
from digitlab.png import build_data_uri
from digitlab.quantities import format_shape
from digitlab.ui.model_cache import get_layer_observer
from digitlab.ui.montage import build_montage
from digitlab.ui.text import render_error

# More maps of one layer would be too small to see.
MAX_MAPS = 64
_COLUMNS = 8
# A shade that separates a map of zeros from the white gaps.
_ZERO = 240.0

CSS = """
<style>
.layer-pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr));
  gap: 1rem 1.25rem; list-style: none; margin: 0 !important; padding: 0 !important; }
.layer-pictures > li { margin: 0 !important; padding: 0 !important; font-size: 0.8rem;
  line-height: 1.35; }
.layer-pictures img { display: block; width: 100%; image-rendering: pixelated;
  border: 1px solid rgba(128, 132, 140, 0.4); border-radius: 0.2rem; box-sizing: border-box; }
.layer-pictures span { color: var(--muted); display: block; }
</style>
"""


def render_layers(model: StoredModel, image: np.ndarray, *, key: str) -> None:
    """Render an expander with what every layer computes for one image, once it is open.

    Args:
        image: as the network reads it.
        key: identifies the expander on its page.
    """
    expander = st.expander(
        "Inside the network, for this image",
        icon=":material/account_tree:",
        key=key,
        on_change="rerun",
    )
    if not expander.open:
        return
    with expander:
        try:
            st.html(build_layer_pictures(get_layer_observer(model).compute(image)))
        except ModelStoreError as error:
            render_error(error)


def build_layer_pictures(layers: Sequence[LayerOutput]) -> str:
    """One picture for each layer, as an HTML list: blue where a value is positive, amber negative.

    Args:
        layers: of `LayerObserver.compute`.
    """
    items = []
    for layer in layers:
        shape = format_shape(layer.values.shape)
        n_maps = layer.values.shape[-1] if layer.values.ndim == 3 else 0
        more = f", the first {MAX_MAPS}" if n_maps > MAX_MAPS else ""
        picture = build_data_uri(colour_maps(_arrange(layer.values)))
        items.append(
            f'<li><img src="{picture}" alt="" decoding="sync">{escape(layer.name)}'
            f"<span>{shape}{more}</span></li>"
        )
    return (
        f'{CSS}<ol class="layer-pictures" aria-label="Outputs of the layers">{"".join(items)}</ol>'
    )


def colour_maps(maps: np.ndarray) -> np.ndarray:
    """Arrange maps in rows of eight, and colour their values.

    Args:
        maps: `(n, h, w)`; the largest absolute value gets the full colour.
    Returns:
        RGB uint8: light grey is 0, ink-blue positive, amber negative.
    """
    strength = (maps / max(float(np.abs(maps).max()), 1e-9))[..., None]
    colour = np.where(strength > 0, parse_colour(INK_BLUE), parse_colour(VALIDATION))
    # The square root shows weak values too.
    cells = _ZERO + np.sqrt(np.abs(strength)) * (colour - _ZERO)
    columns = min(len(maps), _COLUMNS)
    return build_montage(cells.round().astype(np.uint8), columns, gap_px=min(1, len(maps) - 1))


def _arrange(values: np.ndarray) -> np.ndarray:
    """Feature maps one after the other; the units of a dense layer as one map, in rows."""
    if values.ndim == 3:
        return values.transpose(2, 0, 1)[:MAX_MAPS]
    flat = values.reshape(-1)
    width = min(len(flat), max(2 * _COLUMNS, round(len(flat) ** 0.5)))
    padded = np.zeros(-(-len(flat) // width) * width, np.float32)
    padded[: len(flat)] = flat
    return padded.reshape(1, -1, width)
