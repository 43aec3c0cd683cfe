import pytest

from digitlab.quantities import format_duration
from digitlab.runs.run import RunStatus
from digitlab.runs.status import describe_status

HISTORY = [{"loss": 0.2, "accuracy": 0.94, "val_loss": 0.1, "val_accuracy": 0.987}]


def test_a_training_run_tells_epoch_accuracy_and_time_left():
    status = RunStatus(state="training", epoch=2, epochs=5, batch=3, batches=9, eta_s=12.4)
    assert describe_status(status, HISTORY) == "Epoch 3 of 5 · 98.7% on validation · 12 s left"


def test_the_first_epoch_tells_what_there_is():
    status = RunStatus(state="training", epochs=5, metrics={"accuracy": 0.5, "loss": 1.2})
    assert describe_status(status) == "Epoch 1 of 5 · 50.0% on training data"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (RunStatus(state="queued", position=1), "Queued, next"),
        (RunStatus(state="queued", position=3), "Queued, 2 ahead"),
        (
            RunStatus(state="downloading", message="3 of 11 MB"),
            "Downloading the data set: 3 of 11 MB",
        ),
        (RunStatus(state="preparing", prepared=0.34), "Preparing images: 34%"),
        (RunStatus(state="training", is_hanging=True), "Not responding"),
        (RunStatus(state="cancelled"), "Cancelled"),
        (RunStatus(state="failed", epochs=5), "Failed · 98.7% on validation · 1 of 5 epochs"),
        (
            RunStatus(state="done", epoch=5, epochs=5, metrics={"test_accuracy": 0.9912}),
            "Done · 99.12% on the test set · 5 epochs",
        ),
        (
            RunStatus(
                state="done", epoch=1, epochs=1, metrics={"test_accuracy": 0.927}, is_sample=True
            ),
            "Done · 92.70% on the test set (offline sample) · 1 epoch",
        ),
        (RunStatus(state="failed", epochs=1), "Failed · 98.7% on validation · 1 of 1 epoch"),
    ],
)
def test_every_state_has_its_words(status, words):
    history = HISTORY if status.state == "failed" else []
    assert describe_status(status, history).startswith(words)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (8.4, "8 s"), (200, "3 min 20 s"), (1500, "25 min"), (7500, "2 h 5 min")],
)
def test_durations(seconds, words):
    assert format_duration(seconds) == words
