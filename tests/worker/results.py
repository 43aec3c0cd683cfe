"""What runs leave behind, read by the tests of training and of resuming."""

import json
from dataclasses import replace

import keras

from digitlab.datasets.sample import load_sample
from digitlab.training.config import TrainConfig

# Three batches an epoch.
TINY = TrainConfig(
    net="lightning_cnn", training_fraction=0.05, batch_size=64, epochs=3, steps_per_execution=1
)


def load_card(run):
    return json.loads((run.directory / "card.json").read_text())


def load_weights(run):
    return keras.saving.load_model(run.directory / "model.keras").get_weights()


def plan_epochs(run, epochs):
    """Plan a number of epochs, as a resume does."""
    run.write_meta(replace(run.read_meta(), epochs=epochs))
    run.clear_stop_request()


def compute_validation_loss(run):
    """The loss of the exported model on the validation data."""
    model = keras.saving.load_model(run.directory / "model.keras")
    model.compile(loss="sparse_categorical_crossentropy")
    sample = load_sample()
    return model.evaluate(
        sample["x_train"][3600:, ..., None], sample["y_train"][3600:], batch_size=200, verbose=0
    )


def read_tensorboard(run, folder, tag):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    events = EventAccumulator(str(run.directory / "tensorboard" / folder)).Reload()
    return [float(make_ndarray(event.tensor_proto)) for event in events.Tensors(tag)]
