"""A preview of the data and the network that the form describes."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import streamlit as st

from digitlab.datasets.registry import get_dataset_spec
from digitlab.datasets.sample import rank_within_class
from digitlab.errors import DatasetError
from digitlab.figures.class_balance import class_balance_figure, describe_class_balance
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.nets.summary import compute_layer_table
from digitlab.png import to_dark_on_light
from digitlab.quantities import format_shape
from digitlab.training.config import TrainConfig
from digitlab.ui.code import render_script
from digitlab.ui.montage import build_montage
from digitlab.ui.selectors import View, get_labels, get_view, render_segments
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.train.user_digits import render_user_digits

# A data set that a worker downloads appears in the preview after at most this time.
_CACHE_TTL_S = 120
_N_IMAGES = 40
_N_AUGMENTED = 10
_COLUMNS, _GAP_PX = 10, 2
# The width of an image on the sheet, roughly.
_SHOWN_PX = 90
_AUGMENTATION_SEED = "train_augmentation_seed"


@dataclass(frozen=True)
class DataSample:
    """Some images of a data set, and its size.

    Attributes:
        images: `(40, h, w)` or `(40, h, w, 3)` uint8, the classes in turn.
        indices: `(40,)`, of these images among all training images.
        labels: `(n_train,)` uint8, of all training images; those for validation are last.
        note: a remark on the data; may be empty.
    """

    images: np.ndarray
    indices: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    n_train: int
    n_test: int
    note: str


@st.cache_resource(ttl=_CACHE_TTL_S, show_spinner="Loading the data …")
def load_data_sample(dataset_id: str) -> DataSample | str:
    """Load images of a data set; returns the reason if they are unavailable."""
    spec = get_dataset_spec(dataset_id).base_spec
    try:
        # Imported late: the page works before the training packages are installed.
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
        "Only the bundled sample of 5,000 digits is on this computer. A run downloads the full "
        "MNIST if it can; offline it uses the sample, and its metrics are less precise."
        if dataset.is_sample
        else ""
    )
    if spec.id != dataset_id:
        note = (
            f"{get_dataset_spec(dataset_id).label}: the run adds generated images. {note}".strip()
        )
    indices = _choose_indices(labels)
    return DataSample(
        dataset.images_train[indices],
        indices,
        labels.astype(np.uint8),
        spec.class_names,
        len(labels),
        len(dataset.labels_test),
        note,
    )


def _choose_indices(labels: np.ndarray) -> np.ndarray:
    """The first image of each class, the second of each, and so on: `(40,)` indices or fewer."""
    order: np.ndarray = np.lexsort((labels, rank_within_class(labels)))
    return order[:_N_IMAGES]


def _build_image_sheet(images: np.ndarray) -> np.ndarray:
    """Rows of ten enlarged images, `(n, h, w)` or `(n, h, w, 3)` uint8, as one picture."""
    shown = np.stack([to_dark_on_light(image) for image in images])
    sheet = build_montage(shown, _COLUMNS, gap_px=_GAP_PX)
    scale = max(1, round(_SHOWN_PX / images.shape[2]))
    return cv2.resize(sheet, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)


def render_preview(config: TrainConfig | list[str]) -> None:
    """Render the choice of a preview, and the chosen one."""
    view_id = render_segments("View", get_labels(_PREVIEWS), key="train_preview")
    get_view(_PREVIEWS, view_id).render(config)


def _render_data(config: TrainConfig | list[str]) -> None:
    if not isinstance(config, TrainConfig):
        _render_invalid()
        return
    sample = load_data_sample(config.dataset)
    if isinstance(sample, str):
        st.info(sample)
        return
    n_validation = int(sample.n_train * config.validation_split)
    n_training = round((sample.n_train - n_validation) * config.training_fraction)
    st.markdown(
        f"**{n_training:,} training images**, {n_validation:,} for validation, "
        f"{sample.n_test:,} for the test."
    )
    if sample.note:
        st.info(sample.note)
    images = sample.images[sample.indices < n_training]
    st.image(_build_image_sheet(images), width="stretch", alt="Images of the data set")
    # As in training: the last images are for validation, and the first of the others are used.
    counts = np.bincount(sample.labels[:n_training], minlength=len(sample.class_names)).tolist()
    st.plotly_chart(
        class_balance_figure(counts, sample.class_names),
        key="train_balance",
        config=PLOTLY_CONFIG,
        alt=describe_class_balance(counts, sample.class_names),
    )
    _render_augmentation(config, sample)


def _render_augmentation(config: TrainConfig, sample: DataSample) -> None:
    """Some images before and after augmentation."""
    from digitlab.training.augmentation import plan_augmentation, preview_augmentation

    if plan_augmentation(config).is_none:
        st.caption("Augmentation is off: each epoch shows the same images.")
        return
    st.button(
        "Other images",
        key="train_augment_again",
        icon=":material/refresh:",
        on_click=callback(_change_seed),
    )
    originals = sample.images[:_N_AUGMENTED]
    seed = st.session_state.get(_AUGMENTATION_SEED, 0)
    augmented = preview_augmentation(config, originals, seed=seed)
    st.image(
        _build_image_sheet(np.concatenate([originals, augmented])),
        caption="Above the originals, below after augmentation; it differs in each epoch.",
        alt="Images before and after augmentation",
        width="stretch",
    )


def _change_seed() -> None:
    st.session_state[_AUGMENTATION_SEED] = st.session_state.get(_AUGMENTATION_SEED, 0) + 1


def _render_network(config: TrainConfig | list[str]) -> None:
    if not isinstance(config, TrainConfig):
        _render_invalid()
        return
    spec = get_dataset_spec(config.dataset)
    table = compute_layer_table(
        config.net, spec.image_shape, len(spec.class_names), config.net_options
    )
    st.markdown(
        f"**{table.n_parameters:,} parameters** · {table.n_multiplications / 1e6:,.1f} million "
        "multiplications per image"
    )
    st.table(
        {
            "Layer": [row.layer for row in table.rows],
            "Details": [row.detail for row in table.rows],
            "Output": [format_shape(row.output_shape) for row in table.rows],
            "Parameters": [f"{row.n_parameters:,}" for row in table.rows],
        },
        hide_index=True,
        border="horizontal",
    )


def _render_digits(_config: TrainConfig | list[str]) -> None:
    render_user_digits()


def _render_invalid() -> None:
    st.caption("There is no preview while a setting is invalid.")


def _render_code(config: TrainConfig | list[str]) -> None:
    if not isinstance(config, TrainConfig):
        _render_invalid()
        return
    render_script(config, config.net, key="train_preview_code")


_PREVIEWS: tuple[View[Callable[[TrainConfig | list[str]], None]], ...] = (
    View("data", ":material/grid_view: Data", _render_data),
    View("network", ":material/layers: Network", _render_network),
    View("code", ":material/code: Code", _render_code),
    View("digits", ":material/draw: Your digits", _render_digits),
)
