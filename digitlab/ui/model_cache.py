"""Models for the pages: listed in each run, loaded once for all sessions."""

import streamlit as st

from digitlab.errors import ModelStoreError
from digitlab.inference.layer_outputs import LayerObserver
from digitlab.inference.reader import DigitReader
from digitlab.model_store.store import list_models
from digitlab.model_store.stored_model import StoredModel
from digitlab.ui.visitor import get_owner


def list_digit_models() -> list[StoredModel]:
    """The models that read digits, the default first.

    Raises:
        ModelStoreError: there is none.
    """
    models = [model for model in list_models(viewer=get_owner()) if model.reads_digits]
    if not models:
        raise ModelStoreError("There is no model that reads digits. Train one on the Train page.")
    return models


def get_reader(model: StoredModel) -> DigitReader:
    """The model's reader, shared by all sessions.

    Raises:
        ModelStoreError: the model's file is missing or damaged.
    """
    return _load_reader(model.id, model.sha256, model.card["no_digit_threshold"], _model=model)


def get_layer_observer(model: StoredModel) -> LayerObserver:
    """The model with the outputs of all its layers, shared by all sessions.

    Raises:
        ModelStoreError: the model's file is missing or damaged.
    """
    return _load_layer_observer(model.id, model.sha256, _model=model)


# The key has all that a reader is made from: a model that was replaced under the same id, or whose
# card has another threshold, is loaded again.
@st.cache_resource(show_spinner=False, max_entries=8)
def _load_reader(
    model_id: str, sha256: str, no_digit_threshold: float | None, *, _model: StoredModel
) -> DigitReader:
    return _model.open_reader()


@st.cache_resource(show_spinner=False, max_entries=4)
def _load_layer_observer(model_id: str, sha256: str, *, _model: StoredModel) -> LayerObserver:
    return LayerObserver(_model.read_content())
