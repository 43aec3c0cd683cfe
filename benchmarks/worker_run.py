"""Run the worker process for benchmarks of training."""

import os
import tempfile
from dataclasses import dataclass

from digitlab.model_store.card import load_card
from digitlab.runs.control import follow_run, start_run
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig


@dataclass(frozen=True)
class WorkerRun:
    """Results of a finished run."""

    fit_s: float
    test_accuracy: float


def run_worker(config: TrainConfig) -> WorkerRun:
    """Train in a worker as the app does, then delete the run."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DIGITLAB_RUNS"] = folder
        run = create_run(config)
        start_run(run)
        status = list(follow_run(run))[-1]
        if status.state != "done":
            raise SystemExit(status.message)
        card = load_card(run.directory)
    return WorkerRun(card["training"]["seconds"], card["test"]["accuracy"])
