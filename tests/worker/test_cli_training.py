"""`train` and `resume` on the command line as real processes, with the stub trainer: Ctrl-C."""

import os
import signal
import subprocess
import sys

import pytest

from digitlab.paths import get_runs_dir
from digitlab.runs.control import follow_run, start_run, stop_run
from digitlab.runs.health import inspect_run
from digitlab.runs.run import create_run, get_run
from digitlab.training.config import TrainConfig
from tests.conftest import PROJECT_DIR, end_workers
from tests.worker.workers import LIMIT_S, wait_for_epochs, wait_for_state, wait_until


@pytest.fixture(autouse=True)
def stub_trainer(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLAB_TRAINER", "tests.stub_trainer")
    yield
    end_workers(tmp_path / "cache")


@pytest.fixture
def start_cli():
    """Start a command as a process whose output can be read."""
    processes = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "digitlab", *arguments],
            cwd=PROJECT_DIR, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def train_cli(start_cli):
    """A `train` of a long run that has printed the run's id, and its run."""
    process = start_cli("train", "--epochs", "500", "--name", "long")
    assert "long" in process.stdout.readline()
    return process, get_run("long")


def test_ctrl_c_stops_the_run_before_it_is_followed(train_cli):
    process, run = train_cli
    # The worker is only being started.
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, output
    assert "stopping; the best epoch is kept" in output
    assert run.read_status().state in ("cancelled", "stopped")


def test_ctrl_c_stops_the_run_and_keeps_its_model(train_cli):
    process, run = train_cli
    wait_for_epochs(run, 1)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, output
    assert "test accuracy" in output
    assert run.read_status().state == "stopped"
    assert run.has_model


def test_ctrl_c_removes_a_queued_run_from_the_queue(start_cli):
    first = create_run(TrainConfig(epochs=500))
    start_run(first)
    wait_for_state(first, "training")
    process = start_cli("train", "--name", "second")
    assert "second" in process.stdout.readline()
    wait_until(lambda: inspect_run(get_run("second")).state == "queued")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, output
    assert "cancelled before training started" in output
    assert inspect_run(first).state == "training"


def test_second_ctrl_c_ends_the_process(train_cli):
    process, run = train_cli
    wait_for_state(run, "training")
    # A suspended worker cannot obey the first request.
    os.kill(run.read_status().pid, signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    wait_until(lambda: "stopping" in process.stdout.readline())
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1, output
    assert "ending the training process" in output
    assert "Traceback" not in output
    assert run.read_status().state == "interrupted"


def test_a_resumed_run_can_be_stopped_before_its_first_new_epoch(start_cli):
    run = create_run(TrainConfig(epochs=500))
    start_run(run)
    wait_for_epochs(run, 1)
    stop_run(run, force=True)
    *_, status = follow_run(run)
    assert status.state == "interrupted"
    blocker = create_run(TrainConfig(epochs=500))
    start_run(blocker)
    wait_for_state(blocker, "training")
    process = start_cli("resume", run.id)
    # If the command ends early, its output below says why.
    wait_until(lambda: inspect_run(run).state == "queued" or process.poll() is not None)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, output
    assert "resume the run to continue" in output


def test_zoo_goes_on_after_ctrl_c_and_prints_a_table(start_cli):
    command = ("zoo", "--nets", "mlp", "tiny_cnn", "--epochs", "4", "--batch-size", "64")
    process = start_cli(*command)
    wait_until((get_runs_dir() / "zoo-mnist-mlp-2/history.csv").is_file)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1, output
    first = get_run("zoo-mnist-mlp-1").history_path
    trained_ns = first.stat().st_mtime_ns

    process = start_cli(*command)
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, output
    assert "digitlab zoo --epochs 4\n" in output
    header, *rows = output.splitlines()[-3:]
    assert header.split()[:2] == ["network", "parameters"]
    assert [row.split()[0] for row in rows] == ["mlp", "tiny_cnn"]
    assert first.stat().st_mtime_ns == trained_ns
    assert len(get_run("zoo-mnist-mlp-2").read_history()) == 4

    other = start_cli(*command[:-1], "32")
    output, _ = other.communicate(timeout=LIMIT_S)
    assert other.returncode == 1
    assert "zoo-mnist-mlp-1 has other settings" in output
