"""Models for the pages: listed in each run, loaded once for all sessions."""

from digitlab.errors import ModelStoreError
from digitlab.inference.layer_outputs import LayerObserver
from digitlab.inference.reader import DigitReader
from digitlab.model_store.store import list_models
from digitlab.model_store.stored_model import StoredModel
from digitlab.ui.byte_cache import ByteCache
from digitlab.ui.visitor import get_owner

_readers: ByteCache[DigitReader] = ByteCache(100)
_observers: ByteCache[LayerObserver] = ByteCache(100)


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
    # All that a reader is made from: a model that was replaced under the same id, or whose card has
    # another threshold, is loaded again.
    key = (model.id, model.sha256, model.card["no_digit_threshold"])
    return _readers.get(key, model.open_reader, n_bytes=model.size_bytes)


def get_layer_observer(model: StoredModel) -> LayerObserver:
    """The model with the outputs of all its layers, shared by all sessions.

    Raises:
        ModelStoreError: the model's file is missing or damaged.
    """
    return _observers.get(
        model.sha256, lambda: LayerObserver(model.read_content()), n_bytes=model.size_bytes
    )
