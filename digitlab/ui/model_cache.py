"""Models for the pages: listed anew when the shelf changes, loaded once for all visitors."""

import streamlit as st

from digitlab.errors import ModelStoreError
from digitlab.inference.reader import DigitReader
from digitlab.model_store.store import StoredModel, list_models


def list_digit_models() -> list[StoredModel]:
    """The models that read digits, the default first.

    Raises:
        ModelStoreError: there is none.
    """
    models = [model for model in list_models() if model.reads_digits]
    if not models:
        raise ModelStoreError(
            "There is no model on the shelf. Train one: `python -m digitlab train --shelve mine`."
        )
    return models


def get_reader(model: StoredModel) -> DigitReader:
    """The model's reader, shared by all sessions.

    Raises:
        ModelStoreError: the model's file is missing or damaged.
    """
    return _load_reader(model.id, model.card["files"]["model.tflite"]["sha256"], _model=model)


# Keyed by the file's hash as well: a model replaced under the same id is loaded anew.
@st.cache_resource(show_spinner=False, max_entries=8)
def _load_reader(model_id: str, sha256: str, *, _model: StoredModel) -> DigitReader:
    return _model.open_reader()
