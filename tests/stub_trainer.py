"""A stub for `digitlab.worker.train`: it writes the same run directory without TensorFlow.

`DIGITLAB_TRAINER=tests.stub_trainer` makes the worker use it. It trains nothing: the curves come
from a formula, the model is a copy of the shipped `simple_cnn`. The protocol is the same as the
real trainer's: the files, their order, and when a stop request takes effect.
"""

import hashlib
import math
import os
import shutil
import time

import numpy as np

from digitlab.files import write_json
from digitlab.model_store.formats import find_model_files
from digitlab.model_store.store import get_model
from digitlab.runs.checkpoints import find_checkpoint, list_checkpoints, record_checkpoint
from digitlab.runs.tables import append_reading, append_rows, load_digits, truncate_table

N_BATCHES = 20


def train(status_writer):
    run = status_writer.run
    config = run.read_config()
    # As with the real trainer, small batches make long epochs: 0.2 s at 64, 6.4 s at 2.
    batch_s = 0.64 / config.batch_size
    epochs = run.read_meta().epochs or config.epochs
    first = find_checkpoint(run)
    truncate_table(run.history_path, "epoch", first)
    truncate_table(run.batches_path, "epoch", first)
    status_writer.update(state="training", epochs=epochs, batches=N_BATCHES, epoch=first, batch=0)
    if not first:
        read_digits(run, 0)
    was_stopped = False
    try:
        for epoch in range(first, epochs):
            train_epoch(status_writer, epoch, batch_s)
            finish_epoch(status_writer, epoch, batch_s)
            if epoch + 1 < epochs:
                stop_on_request(run)
    except StopTraining:
        was_stopped = True
    if not find_checkpoint(run):
        message = "Stopped before the first epoch was complete, so there is no model yet."
        status_writer.update(state="cancelled", message=message, eta_s=-1.0)
        return
    n_epochs = len(run.read_history())
    if not run.read_meta().is_tested:
        state = "stopped" if was_stopped else "done"
        status_writer.update(state=state, epoch=n_epochs, batch=0, eta_s=-1.0)
        return
    status_writer.update(state="evaluating", eta_s=-1.0)
    export_model(run, config, n_epochs)
    status_writer.update(
        state="stopped" if was_stopped else "done",
        epoch=n_epochs,
        batch=0,
        metrics={"test_accuracy": get_model("simple_cnn").accuracy},
    )


class StopTraining(Exception):  # noqa: N818
    """The user stopped the run."""


def stop_on_request(run):
    if run.is_stop_requested():
        raise StopTraining


def train_epoch(status_writer, epoch, batch_s):
    run = status_writer.run
    for batch in range(1, N_BATCHES + 1):
        time.sleep(batch_s)
        status_writer.heartbeat.progress("batch")
        values = compute_metrics(epoch + batch / N_BATCHES)
        row = {"epoch": epoch, "batch": batch, **values, "learning_rate": 0.001}
        append_rows(run.batches_path, [row | {"images_per_s": 64 / batch_s, "seconds": 0.0}])
        n_left = status_writer.status.epochs * N_BATCHES - epoch * N_BATCHES - batch
        status_writer.update(
            epoch=epoch, batch=batch, metrics=values, images_per_s=64 / batch_s,
            eta_s=n_left * batch_s,
        )  # fmt: skip
        # After the last batch the epoch is completed.
        if batch < N_BATCHES:
            stop_on_request(run)


def finish_epoch(status_writer, epoch, batch_s):
    """History first, then the checkpoint, as in the real trainer."""
    run = status_writer.run
    values = compute_metrics(epoch + 1)
    row = {"epoch": epoch, "accuracy": values["accuracy"], "loss": values["loss"]}
    row |= {"val_accuracy": values["accuracy"] - 0.01, "val_loss": values["loss"] + 0.02}
    append_rows(run.history_path, [row | {"learning_rate": 0.001, "seconds": N_BATCHES * batch_s}])
    newest = [checkpoint.path.name for checkpoint in list_checkpoints(run)[:1]]
    names = ("checkpoint-a.weights.h5", "checkpoint-b.weights.h5")
    path = run.directory / next(name for name in names if name not in newest)
    path.write_bytes(os.urandom(100_000))
    record_checkpoint(run, path, epoch + 1)
    (run.directory / "best.weights.h5").write_bytes(path.read_bytes())
    read_digits(run, epoch + 1)
    status_writer.update(epoch=epoch + 1, batch=0, metrics=values)


def compute_metrics(epochs):
    loss = 2.3 * math.exp(-epochs) + 0.05
    return {"loss": loss, "accuracy": 1 - 0.9 * math.exp(-epochs)}


def read_digits(run, epochs):
    digits = load_digits(run.directory)
    if digits is not None:
        _, labels = digits
        confidence = compute_metrics(epochs)["accuracy"]
        probabilities = np.full((len(labels), 10), (1 - confidence) / 9)
        probabilities[np.arange(len(labels)), np.maximum(labels, 0)] = confidence
        append_reading(run.directory, epochs, probabilities)


def export_model(run, config, n_epochs):
    model = get_model("simple_cnn")
    for name in find_model_files(model.directory)[0]:
        shutil.copyfile(model.directory / name, run.directory / name)
    # A model is found by its hash: each run makes another one, as in reality.
    tflite = run.directory / "model.tflite"
    tflite.write_bytes(tflite.read_bytes() + run.id.encode())
    sha256 = hashlib.sha256(tflite.read_bytes()).hexdigest()
    card = dict(model.card)
    changed = {"bytes": tflite.stat().st_size, "sha256": sha256}
    card["files"] = model.card["files"] | {"model.tflite": changed}
    card["config"], card["net"] = config.to_json(), config.net
    card["command"] = run.format_command()
    card["training"] = {"epochs": n_epochs, "seconds": 1.0}
    write_json(run.directory / "card.json", card)
