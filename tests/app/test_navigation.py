"""The navigation, on the first page: the test driver opens other pages without `main.py`."""

from dataclasses import asdict

import pytest

from digitlab.processes import identify_process
from digitlab.runs.run import create_run
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig
from tests.app.runs import create_finished_run, make_current


@pytest.fixture
def active_run():
    """A run in the middle of its training, by a process that is alive."""
    run = create_run(TrainConfig(epochs=2), label="First try")
    worker = identify_process()
    status = RunStatus(state="training", epoch=0, epochs=2, batch=10, batches=20)
    run.write_status(status)
    run.update_status(pid=worker.pid, process_started_s=worker.started_s)
    make_current(run)
    return run


def find_progress(app):
    return next((button for button in app.button if button.key == "navigation_run"), None)


def test_navigation_links_to_every_page(app):
    app.run()
    links = [link.proto for link in app.get("page_link")]
    assert [link.label for link in links] == ["Draw", "Train", "Tune", "Evaluate", "Models"]
    assert [link.page for link in links] == ["", "train", "tune", "evaluate", "models"]


def test_progress_of_a_run(app, active_run):
    app.run()
    assert not app.exception
    assert find_progress(app).label == "Training **25%**"


def test_no_progress_without_an_active_run(app):
    make_current(create_finished_run())
    app.run()
    assert find_progress(app) is None


def test_no_progress_of_other_users_runs(app, active_run):
    meta = active_run.read_meta()
    active_run.write_meta(type(meta)(**asdict(meta) | {"owner": "somebody"}))
    app.run()
    assert find_progress(app) is None
