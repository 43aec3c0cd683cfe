"""The form of the Train page is generated from the fields of `TrainConfig`."""

from dataclasses import fields

import pytest

from digitlab.training.config import TrainConfig
from digitlab.training.optimizers import OPTIMIZERS

WIDGETS = {
    "integer": "number_input",
    "number": "number_input",
    "choice": "selectbox",
    "boolean": "toggle",
    "model": "selectbox",
}


@pytest.fixture
def form(app):
    app.run()
    app.switch_page("pages/train.py").run()
    assert not app.exception
    return app


def test_every_setting_has_a_widget_with_its_label_and_help(form):
    for spec in fields(TrainConfig):
        widget = getattr(form, WIDGETS[spec.metadata["kind"]])(key=f"train_{spec.name}")
        assert widget.label == spec.metadata["label"]
        assert widget.help.startswith(spec.metadata["help"])
        assert widget.value == spec.default


def test_choices_show_their_labels(form):
    optimizer = form.selectbox(key="train_optimizer")
    assert optimizer.options == [spec.label for spec in OPTIMIZERS.values()]
    assert "SGD with momentum: Accumulates past gradients." in optimizer.help
    schedule = form.selectbox(key="train_schedule")
    assert "Cosine with warm-up" in schedule.options
