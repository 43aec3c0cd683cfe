"""Other programs that show how training goes read what the worker wrote for them."""

import contextlib
import os
import socket
import subprocess
import sys
import urllib.request

import pytest

from digitlab.runs.control import follow_run, resume_run
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig
from tests.worker.workers import train, train_here, wait_until


@pytest.fixture
def mlflow_server(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    log = (tmp_path / "mlflow.log").open("wb")
    process = subprocess.Popen(
        [
            sys.executable, "-m", "mlflow", "server",
            "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
            "--backend-store-uri", f"sqlite:///{tmp_path / 'mlflow.db'}",
            "--default-artifact-root", str(tmp_path / "artifacts"),
        ],
        stdout=log, stderr=subprocess.STDOUT, start_new_session=True, cwd=tmp_path,
        # Three more processes, for work that MLflow could be asked to do.
        env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
    )  # fmt: skip

    def is_up():
        assert process.poll() is None, (tmp_path / "mlflow.log").read_text()
        try:
            return urllib.request.urlopen(f"{url}/health", timeout=2).status == 200
        except OSError:
            return False

    try:
        wait_until(is_up)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        process.wait()
        log.close()


def test_tensorboard_reads_the_curves():
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    run = create_run(TrainConfig(epochs=2))
    assert train_here(run).state == "done"
    history = run.read_history()
    for folder, key in (("train", "loss"), ("validation", "val_loss")):
        events = EventAccumulator(str(run.directory / "tensorboard" / folder)).Reload()
        curve = [float(make_ndarray(event.tensor_proto)) for event in events.Tensors("epoch_loss")]
        assert curve == pytest.approx([row[key] for row in history], rel=1e-5)


def test_mlflow_holds_settings_and_curves(mlflow_server, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    # On a busy machine the server is slow, and that is not what is tested here.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
    run = create_run(TrainConfig(epochs=1, learning_rate=2e-3))
    last = train(run)[-1]
    assert (last.state, last.notes) == ("done", ())
    resume_run(run, epochs=1)
    *_, last = follow_run(run)
    assert (last.state, last.notes) == ("done", ())

    import mlflow

    client = mlflow.MlflowClient(mlflow_server)
    experiment = client.get_experiment_by_name("digitlab")
    (tracked,) = client.search_runs([experiment.experiment_id])
    assert tracked.info.run_name == run.id
    assert tracked.info.status == "FINISHED"
    assert float(tracked.data.params["learning_rate"]) == 2e-3
    points = client.get_metric_history(tracked.info.run_id, "val_accuracy")
    curve = [point.value for point in sorted(points, key=lambda point: point.step)]
    assert curve == pytest.approx([row["val_accuracy"] for row in run.read_history()], rel=1e-5)
    assert tracked.data.metrics["test_accuracy"] == last.metrics["test_accuracy"]


def test_an_mlflow_server_that_is_not_there_is_noted(monkeypatch):
    # Nothing listens on the discard port.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    last = train_here(create_run(TrainConfig(epochs=1)))
    assert last.state == "done"
    assert "could not be told about this run" in " ".join(last.notes)
