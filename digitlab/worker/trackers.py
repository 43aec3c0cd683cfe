"""Other programs that show how training goes: TensorBoard, and MLflow where it is asked for."""

import contextlib
import importlib.util
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

import keras

from digitlab.files import write_json
from digitlab.runs.run import Run
from digitlab.training.config import TrainConfig
from digitlab.worker.status_writer import StatusWriter

_VARIABLE = "MLFLOW_TRACKING_URI"
_EXPERIMENT = "digitlab"
_LAST_WAIT_S = 30.0
_RUN_FILE = "mlflow.json"
# Training is not to wait minutes at its end for a server that has gone.
_LIMITS = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


class Tracker:
    """One run, as it is told to MLflow; does nothing where nobody asked for it."""

    def __init__(
        self, progress: StatusWriter, config: TrainConfig, pool: ThreadPoolExecutor
    ) -> None:
        self._progress, self._config, self._pool = progress, config, pool
        self._client: Any = None
        self._run_id = ""
        self._is_on = _find_mlflow(progress)
        self._result: dict[str, float] = {}
        self._submit(self._begin)

    def log_epoch(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Tell what an epoch gave; `epoch` counts from 1."""
        copied = {key: float(value) for key, value in metrics.items()}
        self._submit(lambda: self._log(copied, epoch))

    def log_result(self, **metrics: float) -> None:
        """Tell what the finished model is worth."""
        self._submit(lambda: self._log(metrics, 0))

    def end(self, state: str) -> None:
        """Close the run as FINISHED, KILLED or FAILED; waits a little for what is to be sent."""
        if not self._is_on:
            return
        future = self._pool.submit(self._attempt, lambda: self._close(state))
        try:
            future.result(_LAST_WAIT_S)
        except FutureTimeoutError:
            self._fail("it does not answer")

    def _submit(self, call: Callable[[], None]) -> None:
        if self._is_on:
            self._pool.submit(self._attempt, call)

    def _attempt(self, call: Callable[[], None]) -> None:
        if not self._is_on:
            return
        try:
            call()
        except Exception as error:
            # Whatever a foreign server or its client comes up with, the training is worth more.
            self._fail(str(error).splitlines()[0][:200])

    def _fail(self, reason: str) -> None:
        self._is_on = False
        self._progress.add_note(
            f"MLflow at {os.environ[_VARIABLE]} could not be told about this run ({reason}). "
            "Training is not affected."
        )

    def _begin(self) -> None:
        for name, value in _LIMITS.items():
            os.environ.setdefault(name, value)
        import mlflow

        self._client = mlflow.MlflowClient()
        path = self._progress.run.directory / _RUN_FILE
        with contextlib.suppress(FileNotFoundError):
            # A resumption goes on where the run was.
            self._run_id = json.loads(path.read_text("utf-8"))["run_id"]
            self._client.update_run(self._run_id, status="RUNNING")
            return
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", _EXPERIMENT)
        known = self._client.get_experiment_by_name(name)
        experiment = known.experiment_id if known else self._client.create_experiment(name)
        run = self._client.create_run(experiment, run_name=self._progress.run.id)
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
def track_run(progress: StatusWriter, config: TrainConfig) -> Iterator[Tracker]:
    """Track a run from here to the end of the block; an error closes it as failed."""
    with ThreadPoolExecutor(1, thread_name_prefix="mlflow") as pool:
        tracker = Tracker(progress, config, pool)
        try:
            yield tracker
        except BaseException:
            tracker.end("FAILED")
            raise
        tracker.end("KILLED" if progress.run.is_stop_requested() else "FINISHED")


def _find_mlflow(progress: StatusWriter) -> bool:
    if not os.environ.get(_VARIABLE):
        return False
    if importlib.util.find_spec("mlflow") is None:
        progress.add_note(
            f"{_VARIABLE} is set, but MLflow is not installed: this run is not tracked. "
            "Install it with `pip install -r requirements-mlflow.txt`."
        )
        return False
    return True


class EpochForwarder(keras.callbacks.Callback):
    """Hands each epoch's values to MLflow."""

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self._tracker = tracker

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Tell them."""
        self._tracker.log_epoch(epoch + 1, logs or {})


def build_trackers(run: Run, tracker: Tracker) -> list[keras.callbacks.Callback]:
    """The callbacks that log each epoch for other programs."""
    board = keras.callbacks.TensorBoard(
        log_dir=str(run.directory / "tensorboard"),
        # The curves alone: graph and batches cost time and room, and the app shows them itself.
        write_graph=False,
        update_freq="epoch",
    )
    return [board, EpochForwarder(tracker)]
