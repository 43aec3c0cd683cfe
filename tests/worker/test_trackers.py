"""Experiment trackers: what MLflow gets, and that its errors never affect a run."""

import contextlib
import os
import socket
import subprocess
import sys
import types
import urllib.request
from dataclasses import replace

import pytest

from digitlab.runs.control import follow_run, resume_run
from digitlab.runs.health import HeartbeatWriter
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig
from digitlab.worker.status_writer import StatusWriter
from digitlab.worker.trackers import redact_credentials, track_run
from tests.worker.workers import train, train_here, wait_until

TINY = TrainConfig(net="lightning_cnn", training_fraction=0.05, epochs=1)


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
        # Otherwise it starts three more processes.
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


def check_tracked_run(uri, run):
    """Whether MLflow has the settings, the curve and the result of a run."""
    import mlflow

    client = mlflow.MlflowClient(uri)
    experiment = client.get_experiment_by_name("digitlab")
    (tracked,) = client.search_runs([experiment.experiment_id])
    assert tracked.info.run_name == run.id
    assert tracked.info.status == "FINISHED"
    assert float(tracked.data.params["learning_rate"]) == run.read_config().learning_rate
    points = client.get_metric_history(tracked.info.run_id, "val_accuracy")
    curve = [point.value for point in sorted(points, key=lambda point: point.step)]
    assert curve == pytest.approx([row["val_accuracy"] for row in run.read_history()], rel=1e-5)
    assert tracked.data.metrics["test_accuracy"] == run.read_status().metrics["test_accuracy"]


@pytest.mark.integration
def test_an_mlflow_server_has_settings_and_curves(mlflow_server, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    # A busy machine is slow, which is not what is tested here.
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
    run = create_run(TrainConfig(epochs=1, learning_rate=2e-3))
    last = train(run)[-1]
    assert (last.state, last.notes) == ("done", ())
    resume_run(run, epochs=1)
    *_, last = follow_run(run)
    assert (last.state, last.notes) == ("done", ())
    check_tracked_run(mlflow_server, run)


@pytest.mark.integration
def test_a_sqlite_file_has_settings_and_curves(tmp_path, monkeypatch):
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    run = create_run(replace(TINY, epochs=2))
    status = train_here(run)
    assert (status.state, status.notes) == ("done", ())
    check_tracked_run(uri, run)


@pytest.mark.integration
@pytest.mark.usefixtures("copied_tflite")
def test_an_unreachable_mlflow_server_is_noted_without_its_password(monkeypatch, capfd):
    # Nothing listens on the discard port.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ada:s3cret%21@127.0.0.1:9")
    run = create_run(TINY)
    status = train_here(run)
    assert status.state == "done"
    (note,) = status.notes
    assert note.startswith("Tracking with MLflow at http://***@127.0.0.1:9 failed (")
    for text in ((run.directory / "status.json").read_text(), *capfd.readouterr()):
        assert "s3cret" not in text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("sqlite:////home/ada/mlflow.db", "sqlite:///…/mlflow.db"),
        ("https://ada:pass@word@host/path", "https://***@host/path"),
        ("https://token@host", "https://***@host"),
        (
            "cannot open postgresql+psycopg2://ada:p%40ss@db:5432/x or http://b:c@d",
            "cannot open postgresql+psycopg2://***@db:5432/x or http://***@d",
        ),
        ("mysql://db/x?user=ada&password=abc&ssl=1", "mysql://db/x?user=ada&password=***&ssl=1"),
    ],
)
def test_credentials_in_uris_are_redacted(text, redacted):
    assert redact_credentials(text) == redacted


def test_secrets_of_the_environment_are_redacted_anywhere(monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ada:s3cret%21@host")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "t0ken")
    assert redact_credentials("s3cret! s3cret%21 Bearer t0ken") == "*** *** Bearer ***"


class FailingClient:
    """An MLflow client that fails in one method, with an error without a message."""

    fails_in = ""

    def __getattr__(self, method):
        def call(*_args, **_kwargs):
            if method == self.fails_in:
                raise ConnectionError
            info = types.SimpleNamespace(run_id="1", experiment_id="1")
            return types.SimpleNamespace(info=info, experiment_id="1")

        return call


@pytest.mark.parametrize("method", ["create_run", "log_batch", "set_terminated"])
def test_an_mlflow_error_is_noted_and_the_run_is_not_affected(method, monkeypatch):
    module = types.ModuleType("mlflow")
    module.MlflowClient = type("Client", (FailingClient,), {"fails_in": method})
    module.entities = types.ModuleType("mlflow.entities")
    module.entities.Param = module.entities.Metric = lambda *values: values
    module.__spec__ = types.SimpleNamespace(name="mlflow")
    monkeypatch.setitem(sys.modules, "mlflow", module)
    monkeypatch.setitem(sys.modules, "mlflow.entities", module.entities)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    run = create_run(TINY)
    with HeartbeatWriter(run) as heartbeat:
        status_writer = StatusWriter(run, heartbeat)
        with track_run(status_writer, TINY) as tracker:
            tracker.log_epoch(1, {"loss": 0.5})
            tracker.log_result(test_accuracy=0.9)
    (note,) = run.read_status().notes
    assert "(ConnectionError). Training is not affected." in note
