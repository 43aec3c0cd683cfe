"""Readers are shared by all sessions and loaded again when their model changes."""

from dataclasses import replace

from digitlab.model_store.store import get_model
from digitlab.ui.model_cache import get_reader


def test_reader_is_loaded_again_when_the_threshold_changes():
    model = get_model("digitlab_cnn")
    reader = get_reader(model)
    assert get_reader(model) is reader
    changed = replace(model, card=model.card | {"no_digit_threshold": 0.25})
    assert get_reader(changed).no_digit_threshold == 0.25
    assert get_reader(model).no_digit_threshold == model.card["no_digit_threshold"]
