"""The inside of a model: its layers, the kernels of the first, and a way to watch it at work."""

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.inference.layer_outputs import read_first_kernels
from digitlab.model_store.stored_model import StoredModel
from digitlab.nets.registry import NETS
from digitlab.png import build_data_uri
from digitlab.quantities import format_count
from digitlab.ui.layer_pictures import MAX_MAPS, colour_maps
from digitlab.ui.model_links import open_draw_page
from digitlab.ui.models.layer_graph import build_layer_graph, build_observed_layers
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import render_error

_KERNEL_CSS = """
<style>
.first-kernels { width: min(100%, 20rem); image-rendering: pixelated; display: block;
  border: 1px solid rgba(128, 132, 140, 0.4); border-radius: 0.2rem; }
</style>
"""


def render_insides(model: StoredModel) -> None:
    """Render an expander; what is in it is computed once it is open."""
    expander = st.expander(
        "Inside the network",
        icon=":material/account_tree:",
        key=f"models_insides_{model.id}",
        on_change="rerun",
    )
    if not expander.open:
        return
    with expander:
        try:
            if model.reads_digits:
                _render_watch(model)
            _render_kernels(model.read_content())
            _render_layers(model)
        except DigitlabError as error:
            render_error(error)


def _render_watch(model: StoredModel) -> None:
    st.button(
        "Watch all layers while you draw",
        key=f"models_watch_{model.id}",
        icon=":material/draw:",
        on_click=callback(open_draw_page),
        args=(model.id,),
        kwargs={"with_layers": True},
    )


def _render_kernels(content: bytes) -> None:
    kernels = read_first_kernels(content)
    if kernels is None:
        return
    count = format_count(len(kernels), "kernel")
    st.markdown(f"**The {count} of the first convolution**")
    # Of a colour network, the mean over red, green and blue.
    picture = build_data_uri(colour_maps(kernels.mean(axis=-1)[:MAX_MAPS]))
    st.html(f'{_KERNEL_CSS}<img class="first-kernels" src="{picture}" alt="The kernels">')
    st.caption(
        "Blue: bright pixels there raise the output. Amber: they lower it. A batch normalisation "
        "that follows directly is part of the kernels."
    )


def _render_layers(model: StoredModel) -> None:
    card = model.card
    if card["net"] not in NETS and model.imported is None:
        return
    st.markdown(f"**Layers** · {card['n_parameters']:,} parameters")
    if model.imported is not None:
        st.html(build_observed_layers(model.image_shape, model.read_content()))
        return
    options = model.read_config().net_options
    graph = build_layer_graph(card["net"], model.image_shape, len(model.class_names), options)
    st.html(graph)
