"""Experiment trackers: TensorBoard always, MLflow if `MLFLOW_TRACKING_URI` is set."""

import contextlib
import importlib.util
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any
from urllib.parse import unquote, urlsplit

import keras

from digitlab.errors import describe_error
from digitlab.files import load_json, write_json
from digitlab.runs.run import Run
from digitlab.training.config import TrainConfig
from digitlab.worker.status_writer import StatusWriter

_URI_VARIABLE = "MLFLOW_TRACKING_URI"
_SECRET_VARIABLES = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
_DEFAULT_EXPERIMENT = "digitlab"
_CLOSE_TIMEOUT_S = 30.0
_RUN_FILE = "mlflow.json"
_CLIENT_SETTINGS = {
    # A run must not wait minutes for a server that is down.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    # The client prints the URI with its password.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_USER_INFO = re.compile(r"(?<=://)[^/\s]+@")
_FOLDER = re.compile(r"(sqlite:///)/[^\s?]*/")
_SECRET_PARAMETER = re.compile(
    r"([?&][^=&\s]*(?:password|passwd|pwd|token|secret|key)=)[^&\s]+", re.I
)


def redact_credentials(text: str) -> str:
    """Replace user names, passwords and tokens in URIs by `***`, and folders by `…`.

    Args:
        text: a URI, or a message that may contain some.
    """
    uri = os.environ.get(_URI_VARIABLE, "")
    secrets = [os.environ.get(name, "") for name in _SECRET_VARIABLES]
    with contextlib.suppress(ValueError):
        password = urlsplit(uri).password or ""
        secrets += [password, unquote(password)]
    text = _USER_INFO.sub("***@", text)
    text = _FOLDER.sub(r"\1…/", text)
    text = _SECRET_PARAMETER.sub(r"\1***", text)
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return text


class Tracker:
    """Logs one run to MLflow from its own thread; does nothing if MLflow is not set up.

    Whatever the server or its client does, training continues: the first error turns tracking
    off and is noted in the status.
    """

    def __init__(
        self, status_writer: StatusWriter, config: TrainConfig, pool: ThreadPoolExecutor
    ) -> None:
        self._status_writer, self._config, self._pool = status_writer, config, pool
        self._client: Any = None
        self._run_id = ""
        self._is_on = _is_mlflow_available(status_writer)
        self._submit(self._begin)

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Log the metrics of an epoch, counted from 1."""
        values = {key: float(value) for key, value in metrics.items()}
        self._submit(lambda: self._log(values, epoch))

    def log_result(self, **metrics: float) -> None:
        """Log the test results."""
        self._submit(lambda: self._log(metrics, 0))

    def end(self, state: str) -> None:
        """Close the run as FINISHED, KILLED or FAILED; waits for what is still to be sent."""
        if not self._is_on:
            return
        future = self._pool.submit(self._attempt, lambda: self._close(state))
        try:
            future.result(_CLOSE_TIMEOUT_S)
        except FutureTimeoutError:
            self._turn_off("it does not answer")

    def _submit(self, call: Callable[[], None]) -> None:
        if self._is_on:
            self._pool.submit(self._attempt, call)

    def _attempt(self, call: Callable[[], None]) -> None:
        if not self._is_on:
            return
        try:
            call()
        except Exception as error:
            # Clients raise exceptions of any type, with any message or none.
            self._turn_off(describe_error(error))

    def _turn_off(self, reason: str) -> None:
        uri = os.environ[_URI_VARIABLE]
        # A full disk, for example; training itself will report it.
        with contextlib.suppress(OSError):
            self._status_writer.add_note(
                f"Tracking with MLflow at {redact_credentials(uri)} failed "
                f"({redact_credentials(reason)}). Training is not affected."
            )
        # After the note: `end` does not wait for a tracker that is off.
        self._is_on = False

    def _begin(self) -> None:
        for name, value in _CLIENT_SETTINGS.items():
            os.environ.setdefault(name, value)
        import mlflow

        self._client = mlflow.MlflowClient()
        path = self._status_writer.run.directory / _RUN_FILE
        with contextlib.suppress(FileNotFoundError):
            # A resumed run continues its MLflow run.
            self._run_id = load_json(path, dict[str, str])["run_id"]
            self._client.update_run(self._run_id, status="RUNNING")
            return
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", _DEFAULT_EXPERIMENT)
        known = self._client.get_experiment_by_name(name)
        experiment = known.experiment_id if known else self._client.create_experiment(name)
        run = self._client.create_run(experiment, run_name=self._status_writer.run.id)
        self._run_id = run.info.run_id
        write_json(path, {"run_id": self._run_id})
        settings = self._config.to_json().items()
        params = [mlflow.entities.Param(key, str(value)) for key, value in settings]
        self._client.log_batch(self._run_id, params=params)

    def _log(self, metrics: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now_ms = int(time.time() * 1000)
        values = [Metric(key, value, now_ms, step) for key, value in metrics.items()]
        self._client.log_batch(self._run_id, metrics=values)

    def _close(self, state: str) -> None:
        self._client.set_terminated(self._run_id, state)


@contextlib.contextmanager
def track_run(status_writer: StatusWriter, config: TrainConfig) -> Iterator[Tracker]:
    """Track a run until the end of the block; an error in it closes the MLflow run as failed."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="mlflow")
    try:
        tracker = Tracker(status_writer, config, pool)
        try:
            yield tracker
        except BaseException:
            tracker.end("FAILED")
            raise
        tracker.end("KILLED" if status_writer.run.is_stop_requested() else "FINISHED")
    finally:
        # Without waiting: a request that hangs must not keep the worker from ending the run.
        pool.shutdown(wait=False, cancel_futures=True)


def _is_mlflow_available(status_writer: StatusWriter) -> bool:
    if not os.environ.get(_URI_VARIABLE):
        return False
    if importlib.util.find_spec("mlflow") is None:
        status_writer.add_note(
            f"{_URI_VARIABLE} is set, but MLflow is not installed: this run is not tracked. "
            "Install it with `pip install -r requirements-mlflow.txt`."
        )
        return False
    return True


class MlflowCallback(keras.callbacks.Callback):
    """Logs the metrics of each epoch to MLflow."""

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self._tracker = tracker

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Log the epoch."""
        self._tracker.log_epoch(epoch + 1, logs or {})


def build_tracker_callbacks(run: Run, tracker: Tracker) -> list[keras.callbacks.Callback]:
    """The callbacks that log each epoch to the trackers."""
    tensorboard = keras.callbacks.TensorBoard(
        log_dir=str(run.directory / "tensorboard"),
        # Curves only: graphs and batches take time and space, and the app shows batches itself.
        write_graph=False,
        update_freq="epoch",
    )
    return [tensorboard, MlflowCallback(tracker)]
