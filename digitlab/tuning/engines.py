"""What carries out the trials of a study: this computer's queue of runs, or a Ray cluster."""

import os
import time
from collections.abc import Callable
from typing import Any, Protocol

from digitlab.errors import RunError
from digitlab.owners import LOCAL_OWNER
from digitlab.paths import PROJECT_DIR
from digitlab.runs.control import can_resume, is_active, resume_run, start_run, stop_run
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run
from digitlab.runs.status import RunStatus
from digitlab.tuning.study_config import StudyConfig

POLL_S = 0.1
_RAY_POLL_S = 0.2
# Ray repeats a task so often if its machine dies.
_RAY_RETRIES = 3

# Called with each new status of a run; returns whether to stop it.
Watch = Callable[[RunStatus], bool]


class Engine(Protocol):
    """Carries out runs.

    Attributes:
        n_parallel: how many at the same time.
    """

    n_parallel: int

    def carry_out(self, run: Run, watch: Watch) -> RunStatus:
        """Train a run, or go on with one that was cut off; returns its last status."""


def build_engine(config: StudyConfig) -> Engine:
    """The engine of a study.

    Raises:
        RunError: the cluster cannot be reached.
    """
    if config.engine == "ray":
        return _RayEngine(config.address, config.cpus_per_trial)
    return _QueueEngine(config.owner)


class _QueueEngine:
    """One run at a time, in the queue with all others: runs of visitors go in between.

    TensorFlow stays loaded in the worker process.
    """

    n_parallel = 1

    def __init__(self, owner: str = LOCAL_OWNER) -> None:
        self._owner = owner

    def carry_out(self, run: Run, watch: Watch) -> RunStatus:
        self._start(run)
        while True:
            # Before the history, which is complete once the status is final.
            status = inspect_run(run)
            if watch(status) and not run.is_stop_requested():
                stop_run(run, owner=self._owner)
            if status.is_final:
                return status
            time.sleep(POLL_S)

    def _start(self, run: Run) -> None:
        status = run.read_status()
        if is_active(run) or status.state in ("done", "failed"):
            return
        if status.state == "stopped" and can_resume(run):
            resume_run(run, owner=self._owner)
        else:
            start_run(run, owner=self._owner)


class _RayEngine:
    """As many runs at a time as the cluster has room for, each as a task of Ray.

    Ray decides where a run is trained, and trains it again elsewhere if that machine dies; the
    worker then goes on from the last checkpoint. All machines see the folder of the runs under the
    same path, and have the same installation.
    """

    def __init__(self, address: str, cpus: float) -> None:
        try:
            import ray
        except ImportError as error:
            raise RunError(
                "Ray is not installed. Run `pip install -r requirements-cluster.txt`."
            ) from error
        # A worker does not see what this process was started with.
        names = [name for name in os.environ if name.startswith(("DIGITLAB_", "KERAS_"))]
        self._environment = {name: os.environ[name] for name in names}
        try:
            ray.init(address=address or "auto", log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, RuntimeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise RunError(
                f"The Ray cluster {address or 'auto'} cannot be reached ({reason}). Start one with "
                "`ray start --head`."
            ) from error
        self._ray = ray
        self.n_parallel = max(1, int(ray.cluster_resources().get("CPU", 1.0) / cpus))
        self._train = ray.remote(num_cpus=cpus, max_retries=_RAY_RETRIES)(_train_in_subprocess)

    def carry_out(self, run: Run, watch: Watch) -> RunStatus:
        if run.read_status().state == "done":
            return run.read_status()
        run.clear_stop_request()
        task = self._train.remote(str(run.directory.resolve()), str(PROJECT_DIR), self._environment)
        while True:
            finished, _ = self._ray.wait([task], timeout=_RAY_POLL_S)
            # Not `inspect_run`: while Ray repeats a task, the run looks interrupted.
            status = inspect_run(run) if finished else run.read_status()
            if watch(status) and not run.is_stop_requested():
                run.request_stop()
            if finished:
                try:
                    self._ray.get(task)
                except self._ray.exceptions.RayError as error:
                    raise RunError(f"Ray has given up a trial: {error}") from error
                return status


def _train_in_subprocess(directory: str, project: str, environment: dict[str, str]) -> Any:
    """Runs on a machine of the cluster, where this module is not imported: it is sent by value."""
    import os
    import subprocess
    import sys

    command = [sys.executable, "-m", "digitlab.worker", directory]
    return subprocess.run(
        command, cwd=project, env=os.environ | environment, check=False
    ).returncode
