"""What the chosen settings mean before they are trained: layers, data, changed images."""

import numpy as np
import streamlit as st

from digitlab.datasets.registry import DATASETS
from digitlab.errors import ConfigError
from digitlab.figures.class_balance import class_balance_figure, describe_class_balance
from digitlab.nets.layers import compute_layer_table
from digitlab.training.config import TrainConfig
from digitlab.ui.callbacks import callback
from digitlab.ui.parts import choose_part
from digitlab.ui.train.data_sample import DataSample, get_data_sample
from digitlab.ui.train.own_digits import render_own_digits
from digitlab.ui.train.pictures import build_picture_sheet

_PARTS = {
    "data": ":material/grid_view: Data",
    "network": ":material/layers: Network",
    "digits": ":material/draw: Your digits",
}
_N_CHANGED = 10


def render_preview(config: TrainConfig | ConfigError) -> None:
    """The parts to choose from, and the chosen one."""
    part = choose_part("What to look at", _PARTS, key="train_preview")
    if part == "digits":
        render_own_digits()
    elif isinstance(config, ConfigError):
        st.caption("The preview comes back when the settings can be used.")
    elif part == "network":
        _render_network(config)
    else:
        _render_data(config)


def _render_network(config: TrainConfig) -> None:
    spec = DATASETS[config.dataset]
    table = compute_layer_table(
        config.net, spec.image_shape, len(spec.class_names), config.net_options
    )
    st.markdown(
        f"**{table.n_parameters:,} parameters** · {table.n_multiplications / 1e6:,.1f} million "
        "multiplications for one image"
    )
    st.table(
        {
            "Layer": [row.layer for row in table.rows],
            "What": [row.detail for row in table.rows],
            "Output": ["×".join(map(str, row.output_shape)) for row in table.rows],
            "Parameters": [f"{row.n_parameters:,}" for row in table.rows],
        },
        hide_index=True,
        border="horizontal",
    )


def _render_data(config: TrainConfig) -> None:
    sample = get_data_sample(config.dataset)
    if isinstance(sample, str):
        st.info(sample)
        return
    n_validation = int(sample.n_train * config.validation_split)
    n_training = round((sample.n_train - n_validation) * config.data_share)
    st.markdown(
        f"**{n_training:,} images** to learn from, {n_validation:,} to choose the best epoch, "
        f"{sample.n_test:,} to test with."
    )
    if sample.note:
        st.info(sample.note)
    st.image(build_picture_sheet(sample.images, sample.has_ink), width="stretch")
    # As in training: the last images are for validation, and the first of the others are taken.
    learned = np.bincount(sample.labels[:n_training], minlength=len(sample.class_names))
    counts = [int(n) for n in learned]
    st.plotly_chart(
        class_balance_figure(counts, sample.class_names),
        key="train_balance",
        config={"displayModeBar": False},
        alt=describe_class_balance(counts, sample.class_names),
    )
    _render_augmentation(config, sample)


def _render_augmentation(config: TrainConfig, sample: DataSample) -> None:
    """The same few images as they are and as the network gets them, if they are changed at all."""
    from digitlab.training.augment import plan_augmentation, preview_augmentation

    if plan_augmentation(config).is_none:
        st.caption("Augmentation is off: each epoch shows the same images.")
        return
    st.button(
        "Others",
        key="train_augment_again",
        icon=":material/refresh:",
        on_click=callback(_draw_lots),
    )
    few = sample.images[:_N_CHANGED]
    changed = preview_augmentation(config, few, seed=st.session_state.get("train_lots", 0))
    st.image(
        build_picture_sheet(np.concatenate([few, changed]), sample.has_ink),
        caption="Above as they are, below as the network gets them, different in each epoch.",
        width="stretch",
    )


def _draw_lots() -> None:
    st.session_state["train_lots"] = st.session_state.get("train_lots", 0) + 1
