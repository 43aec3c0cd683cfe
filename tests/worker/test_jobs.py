"""Runs that are stopped, killed, queued and resumed, as real processes on the offline sample."""

import os
import signal
import subprocess
import time

import numpy as np
import psutil
import pytest

from digitlab.errors import RunError
from digitlab.runs.checkpoints import find_checkpoint, list_checkpoints
from digitlab.runs.control import (
    delete_run,
    find_position,
    follow_run,
    inspect_run,
    resume_run,
    start_run,
    stop_run,
)
from digitlab.runs.launcher import measure_free_memory_bytes, prewarm_worker
from digitlab.runs.run import create_run, get_run, list_runs
from digitlab.training.config import TrainConfig
from tests.worker.workers import (
    LIMIT_S,
    run_python,
    train_here,
    wait_for_epochs,
    wait_for_state,
    wait_until,
)

LONG = TrainConfig(epochs=500)
NOTICED_WITHIN_S = 10
# Starts a run as an app process of its own would, at the moment it is told to, and ends.
START = """
import sys
from digitlab.runs.run import get_run
from digitlab.runs.control import start_run
print("ready", flush=True)
sys.stdin.readline()
start_run(get_run(sys.argv[1]))
"""


@pytest.fixture(autouse=True)
def no_orphans():
    """Leave no worker behind, whatever a test does."""
    yield
    for run in list_runs():
        stop_run(run, force=True)
    wait_until(lambda: all(inspect_run(run).state not in ("starting",) for run in list_runs()))
    wait_until(lambda: not find_workers())


def find_workers():
    runs = os.environ["DIGITLAB_RUNS"]
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if any(runs in word for word in process.info["cmdline"] or ())
        and "digitlab.worker.main" in process.info["cmdline"]
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def test_two_starts_at_once_make_one_training_and_a_queue():
    runs = [create_run(LONG) for _ in range(2)]
    starters = [run_python(START, run.id) for run in runs]
    for starter in starters:
        assert starter.stdout.readline() == "ready\n"
    for starter in starters:
        starter.stdin.write("\n")
        starter.stdin.flush()
    for starter in starters:
        # The app processes are gone from here on; their runs are not.
        assert starter.wait(LIMIT_S) == 0
    first, second = sorted(runs, key=find_position)
    assert wait_for_state(second, "queued").position == 1
    third = create_run(LONG)
    start_run(third)
    assert wait_for_state(third, "queued").position == 2
    with pytest.raises(RunError, match="being trained already"):
        start_run(second)
    with pytest.raises(RunError, match="Stop it first"):
        delete_run(second)

    wait_for_state(first, "training")
    assert [inspect_run(run).state for run in (second, third)] == ["queued", "queued"]
    stop_run(third)
    wait_for_state(third, "cancelled")

    stop_run(first)
    states = []
    while states[-1:] != ["training"]:
        states.append(inspect_run(second).state)
        if states[-1] == "training":
            assert inspect_run(first).is_final, "two train at the same time"
        time.sleep(0.02)
    assert inspect_run(first).state == "stopped"
    stop_run(second)
    wait_for_state(second, "stopped")
    wait_until(lambda: not find_workers())


def test_a_killed_worker_is_noticed_and_its_run_goes_on_from_the_last_epoch():
    digits = np.zeros((2, 28, 28), np.uint8)
    run = create_run(LONG, digits=digits, digit_labels=[4, -1])
    start_run(run)
    wait_for_epochs(run, 2)
    wait_until(lambda: inspect_run(run).batch > 5)
    os.kill(inspect_run(run).pid, signal.SIGKILL)
    _, took_s = wait_until(lambda: inspect_run(run).state == "interrupted", NOTICED_WITHIN_S)
    assert took_s < NOTICED_WITHIN_S
    status = get_run(run.id).read_status()
    epochs = find_checkpoint(run)
    assert epochs >= 2
    assert f"{epochs} epochs were saved" in status.message

    before = run.read_history()[:epochs]
    resume_run(run, epochs=2)
    *_, status = follow_run(run)
    assert (status.state, status.epoch, status.epochs) == ("done", epochs + 2, epochs + 2)
    history = run.read_history()
    assert history[:epochs] == before
    assert [row["epoch"] for row in history] == list(range(epochs + 2))
    # With a fresh optimizer, or fresh weights, the loss would be several times as large.
    assert history[epochs]["loss"] < 1.3 * before[-1]["loss"]
    assert run.has_model
    rows, place = run.read_batches()
    assert [row["epoch"] for row in rows] == sorted(row["epoch"] for row in rows)
    assert run.read_batches(place) == ([], place)
    readings = run.read_digits()
    assert readings.epochs.tolist() == list(range(epochs + 3))
    assert readings.probabilities.shape == (epochs + 3, 2, 10)
    assert readings.probabilities.sum(axis=2) == pytest.approx(1, abs=1e-3)
    delete_run(run)
    assert list_runs() == []


def test_a_damaged_checkpoint_falls_back_to_the_one_before():
    run = create_run(TrainConfig(epochs=2))
    assert train_here(run).state == "done"
    latest, before = list_checkpoints(run)
    assert (latest.epochs, before.epochs) == (2, 1)
    content = bytearray(latest.path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    latest.path.write_bytes(content)
    with pytest.raises(RunError, match="has all its 2 epochs"):
        resume_run(run)
    resume_run(run, epochs=1)
    *_, status = follow_run(run)
    assert status.state == "done", status
    assert "went on from epoch 1" in " ".join(status.notes)
    assert [row["epoch"] for row in run.read_history()] == [0, 1, 2]

    for checkpoint in list_checkpoints(run):
        checkpoint.path.write_bytes(b"no longer")
    resume_run(run, epochs=1)
    *_, status = follow_run(run)
    assert status.state == "failed"
    assert "saved states are damaged" in status.message
    assert len(run.read_history()) == 3
    assert run.has_model


def test_a_worker_that_hangs_is_noticed_and_can_be_stopped():
    run = create_run(LONG)
    start_run(run)
    wait_for_epochs(run, 1)
    pid = inspect_run(run).pid
    os.kill(pid, signal.SIGSTOP)
    _, took_s = wait_until(lambda: inspect_run(run).is_hanging, NOTICED_WITHIN_S)
    assert took_s < NOTICED_WITHIN_S
    assert "has not moved for" in inspect_run(run).message
    stop_run(run)
    status = wait_for_state(run, "interrupted")
    assert "was ended before" in status.message
    wait_until(lambda: not psutil.pid_exists(pid))
    assert find_checkpoint(run) >= 1


@pytest.fixture
def small_disk(tmp_path, monkeypatch):
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small disk can only be made as root on Linux ({error})")
    monkeypatch.setenv("DIGITLAB_RUNS", str(folder))
    yield folder
    for run in list_runs():
        stop_run(run, force=True)
    wait_until(lambda: not find_workers())
    # A process that has just ended may hold its log a moment longer.
    wait_until(lambda: subprocess.run(["umount", str(folder)], check=False).returncode == 0)


def test_a_full_disk_ends_in_a_clear_state(small_disk):
    run = create_run(LONG)
    start_run(run)
    wait_for_epochs(run, 2)
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space left"), filler.open("wb", buffering=0) as file:
        while True:
            assert file.write(b"x" * 4096) == 4096 or os.write(file.fileno(), b"x")
    *_, status = follow_run(run)
    assert status.state == "failed"
    assert "disk is full" in status.message
    assert run.read_status().state == "failed"
    assert find_checkpoint(run) >= 1
    n_kept = len(run.read_history())
    assert n_kept >= 1

    filler.unlink()
    epochs = find_checkpoint(run)
    resume_run(run, epochs=1)
    *_, status = follow_run(run)
    assert (status.state, status.epoch) == ("done", epochs + 1), status.message


def test_a_warm_worker_takes_the_run_and_goes_with_its_parent(tmp_path):
    if measure_free_memory_bytes() < 2_000_000_000:
        pytest.skip("not enough memory for a worker that waits")
    assert prewarm_worker()
    assert prewarm_worker()
    prepare = (
        "import sys; from digitlab.runs import launcher; launcher.prewarm_worker()\n"
        "print(launcher._waiting[0].mark.pid, flush=True); sys.stdin.readline()"
    )
    other = run_python(prepare)
    other_pid = int(other.stdout.readline())
    # There is one on this computer already: the second ends by itself.
    wait_until(lambda: not psutil.pid_exists(other_pid) or other.poll() is not None)
    other.communicate("\n", timeout=LIMIT_S)

    run = create_run(TrainConfig(epochs=1))
    start_run(run)
    pid = run.read_status().pid
    assert not any(str(run.directory) in " ".join(one.cmdline()) for one in find_workers())
    *_, status = follow_run(run)
    assert (status.state, status.pid) == ("done", pid)
    assert "not the full data set" in str((run.directory / "card.json").read_text())

    other = run_python(prepare)
    other_pid = int(other.stdout.readline())
    assert psutil.pid_exists(other_pid)
    other.kill()
    other.wait()
    wait_until(lambda: not psutil.pid_exists(other_pid))
