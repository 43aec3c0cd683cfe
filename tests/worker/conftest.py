"""One run that is trained once by the real command, worker and Keras; tests copy it."""

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from digitlab.datasets import loading
from digitlab.files import load_json, write_json
from digitlab.paths import get_runs_dir, get_shipped_models_dir, get_user_models_dir
from digitlab.runs.run import Run, get_run
from digitlab.training.config import TrainConfig
from digitlab.worker import export
from tests.conftest import PROJECT_DIR
from tests.worker.workers import LIMIT_S

# Little data: only what the results look like is tested with it.
TRAINED_CONFIG = TrainConfig(net="simple_cnn", epochs=2, training_fraction=0.3)
TRAIN_COMMAND = "train --net simple_cnn --epochs 2 --set training_fraction=0.3"


@dataclass(frozen=True)
class TrainedRun:
    """A run called "first", trained by the command line and saved as "mine"."""

    runs_dir: Path
    models_dir: Path
    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory, worker_id):
    root = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        # Shared by the processes that run the tests.
        root = root.parent
    root = root / "trained"
    with FileLock(f"{root}.lock"):
        if not (root / "result.json").is_file():
            _train(root)
    return TrainedRun(root / "runs", root / "models", **load_json(root / "result.json", dict))


def _train(root: Path) -> None:
    root.mkdir()
    folders = {
        f"DIGITLAB_{name}": str(root / name.lower())
        for name in ("DATA", "CACHE", "DATASETS", "RUNS", "MODELS")
    }
    # Nothing listens on the discard port: without an internet, the offline sample is used.
    proxies = dict.fromkeys(
        ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9"
    )
    done = subprocess.run(
        [sys.executable, "-m", "digitlab", *TRAIN_COMMAND.split(), "--name", "first",
         "--save-as", "mine"],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False, timeout=LIMIT_S,
        env=os.environ | folders | proxies | {"KERAS_HOME": str(root / "keras")},
    )  # fmt: skip
    write_json(
        root / "result.json",
        {"exit_code": done.returncode, "stdout": done.stdout, "stderr": done.stderr},
    )


@pytest.fixture
def run_copy(trained_run) -> Run:
    """A copy of the trained run that a test may change; its model is saved as "mine"."""
    shutil.copytree(trained_run.runs_dir / "first", get_runs_dir() / "first")
    shutil.copytree(trained_run.models_dir / "mine", get_user_models_dir() / "mine")
    return get_run("first")


@pytest.fixture(autouse=True)
def cached_sample(monkeypatch):
    """Parse the offline sample once for all tests."""
    monkeypatch.setattr(loading, "load_sample", _load_sample_once)


_load_sample_once = functools.cache(loading.load_sample)


@pytest.fixture
def copied_tflite(monkeypatch):
    """Skip the conversion to TFLite, for tests about training: the file is a shipped model's."""

    def copy(_model, path, _images):
        shutil.copyfile(get_shipped_models_dir() / "simple_cnn" / "model.tflite", path)

    monkeypatch.setitem(export.EXPORTERS, "tflite", copy)
