"""A look into a data set without a download: kept for all visitors for a while."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from digitlab.datasets.registry import DATASETS
from digitlab.errors import DatasetError

_N_SHOWN = 40
# A download by a worker shows after so many seconds.
_TTL_S = 120


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
    spec = DATASETS[dataset_id].test_spec
    try:
        # Imported late: the page opens before the training packages are installed.
        from digitlab.datasets.load import load_dataset

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
        spec.id == "mnist",
        note,
    )


def _choose_shown(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """The first of each class, the second of each, and so on: `(40,)` indices."""
    firsts = [np.flatnonzero(labels == k)[: _N_SHOWN // n_classes] for k in range(n_classes)]
    return np.stack(firsts, axis=1).ravel()
