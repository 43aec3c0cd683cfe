"""The recipes as cards: one click fills the form."""

from dataclasses import dataclass

import cv2
import numpy as np
import streamlit as st

from digitlab.datasets.registry import DATASETS
from digitlab.errors import ConfigError, DatasetError
from digitlab.figures.class_balance import class_balance_figure, describe_class_balance
from digitlab.nets.summary import compute_layer_table
from digitlab.training.config import TrainConfig
from digitlab.training.recipes import RECIPES, find_recipe
from digitlab.ui.selectors import render_segments
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.train.form import fill_form
from digitlab.ui.train.user_digits import render_user_digits

_N_SHOWN = 40
# A download by a worker shows after so many seconds.
_TTL_S = 120

_COLUMNS = 10
_GAP_PX = 2
_SCALE = 3
_PARTS = {
    "data": ":material/grid_view: Data",
    "network": ":material/layers: Network",
    "digits": ":material/draw: Your digits",
}
_N_CHANGED = 10


def render_recipes(config: TrainConfig | ConfigError) -> None:
    """A card a recipe; the one whose settings stand in the form is outlined."""
    chosen = find_recipe(config) if isinstance(config, TrainConfig) else None
    with st.container(horizontal=True, key="train_recipes"):
        for recipe_id, recipe in RECIPES.items():
            mark = "chosen" if recipe_id == chosen else "other"
            with st.container(border=True, key=f"train_card_{mark}_{recipe_id}"):
                st.button(
                    recipe.label,
                    key=f"train_recipe_{recipe_id}",
                    type="tertiary",
                    icon=":material/check:" if recipe_id == chosen else None,
                    on_click=callback(fill_form),
                    args=(recipe.config,),
                )
                st.caption(recipe.help)


@dataclass(frozen=True)
class DataSample:
    """A look into a data set.

    Attributes:
        images: `(40, h, w)` or `(40, h, w, 3)` uint8, the classes in turn.
        labels: `(n,)` uint8, of all training images, those for validation last.
        has_ink: whether 255 is ink rather than light.
        note: what has to be known about it; may be empty.
    """

    images: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    n_train: int
    n_test: int
    has_ink: bool
    note: str


@st.cache_resource(ttl=_TTL_S, show_spinner="Looking into the data …")
def get_data_sample(dataset_id: str) -> DataSample | str:
    """A look into a data set, or the sentence why there is none."""
    spec = DATASETS[dataset_id].base_spec
    try:
        # Imported late: the page opens before the training packages are installed.
        from digitlab.datasets.loading import load_dataset

        dataset = load_dataset(spec, may_download=False)
    except ImportError:
        return "The data can be shown when the training packages are installed."
    except DatasetError:
        return (
            f"{spec.label} is not on this computer yet. It is downloaded when the run starts, "
            "and can be shown here afterwards."
        )
    labels = dataset.labels_train
    note = (
        "Only the bundled sample of 5,000 digits is on this computer. A run downloads all of "
        "MNIST if it can; offline it uses the sample, and its figures are rougher."
        if dataset.is_sample
        else ""
    )
    if spec.id != dataset_id:
        note = f"{DATASETS[dataset_id].label}: the run adds the others to these. {note}".strip()
    return DataSample(
        dataset.images_train[_choose_shown(labels, len(spec.class_names))],
        labels.astype(np.uint8),
        spec.class_names,
        len(labels),
        len(dataset.labels_test),
        spec.is_digits,
        note,
    )


def _choose_shown(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """The first of each class, the second of each, and so on: `(40,)` indices."""
    firsts = [np.flatnonzero(labels == k)[: _N_SHOWN // n_classes] for k in range(n_classes)]
    return np.stack(firsts, axis=1).ravel()


def build_picture_sheet(images: np.ndarray, has_ink: bool) -> np.ndarray:
    """Lay pictures out in rows of ten, pixels visible, on white.

    Args:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8.
        has_ink: whether 255 is ink, which is shown dark.
    Returns:
        `(height, width)` or `(height, width, 3)` uint8.
    """
    shown = 255 - images if has_ink else images
    padding = ((0, 0), (_GAP_PX, _GAP_PX), (_GAP_PX, _GAP_PX), *[(0, 0)] * (images.ndim - 3))
    shown = np.pad(shown, padding, constant_values=255)
    lacking = -len(shown) % _COLUMNS
    shown = np.concatenate([shown, np.full((lacking, *shown.shape[1:]), 255, np.uint8)])
    rows = [
        np.concatenate(shown[start : start + _COLUMNS], axis=1)
        for start in range(0, len(shown), _COLUMNS)
    ]
    sheet = np.concatenate(rows, axis=0)
    return cv2.resize(sheet, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_NEAREST)


def render_preview(config: TrainConfig | ConfigError) -> None:
    """The parts to choose from, and the chosen one."""
    part = render_segments("What to look at", _PARTS, key="train_preview")
    if part == "digits":
        render_user_digits()
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
    n_training = round((sample.n_train - n_validation) * config.training_fraction)
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
    from digitlab.training.augmentation import plan_augmentation, preview_augmentation

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
