"""`train` on the command line, as a real process: Ctrl-C, and names on the shelf."""

import os
import signal
import subprocess
import sys

import pytest

from digitlab.runs.control import stop_run
from digitlab.runs.run import get_run, list_runs
from tests.conftest import PROJECT_DIR
from tests.worker.workers import LIMIT_S, wait_for_state, wait_until


@pytest.fixture(autouse=True)
def no_workers_left():
    yield
    for run in list_runs():
        stop_run(run, force=True)
    wait_until(lambda: all(not run.read_status().process.is_alive() for run in list_runs()))


@pytest.fixture
def train_cli():
    """Start `train` for a long run; returns the process and its run."""
    process = subprocess.Popen(
        [sys.executable, "-m", "digitlab", "train", "--epochs", "500", "--name", "long"],
        cwd=PROJECT_DIR, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert "long" in process.stdout.readline()
    yield process, get_run("long")
    process.kill()
    process.wait()


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
    wait_for_state(run, "training")
    wait_until(run.read_history)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, output
    assert "test accuracy" in output
    assert run.read_status().state == "stopped"
    assert run.has_model


def test_second_ctrl_c_ends_the_process(train_cli):
    process, run = train_cli
    wait_for_state(run, "training")
    # A stopped process cannot obey the first request.
    os.kill(run.read_status().pid, signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    wait_until(lambda: "stopping" in process.stdout.readline())
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1, output
    assert "ending the training process" in output
    assert "Traceback" not in output
    assert run.read_status().state == "interrupted"
