"""Finished runs without training."""

import shutil

from digitlab.files import write_json
from digitlab.model_store.formats import find_model_files
from digitlab.model_store.store import get_model
from digitlab.owners import LOCAL_OWNER
from digitlab.runs.queue import add_entry, lock_queue, take_first_entry
from digitlab.runs.run import create_run
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig
from tests.unit.histories import write_history


def create_finished_run(label="", *, epochs=3, notes=None, owner=LOCAL_OWNER, **settings):
    """A run with a history and the model of `simple_cnn`.

    Args:
        notes: makes the card say that the model was tested on the offline sample.
    """
    run = create_run(TrainConfig(epochs=epochs, **settings), label=label, owner=owner)
    write_history(run, epochs)
    shipped = get_model("simple_cnn")
    for name in find_model_files(shipped.directory)[0]:
        shutil.copyfile(shipped.directory / name, run.directory / name)
    if notes is not None:
        data = shipped.card["data"] | {"is_sample": True, "notes": notes}
        write_json(run.directory / "card.json", shipped.card | {"data": data})
    run.write_status(RunStatus(state="done", epoch=epochs, epochs=epochs))
    return run


def make_current(run):
    """Let the worker's queue say that this run was taken last."""
    with lock_queue():
        add_entry(run)
        take_first_entry()
