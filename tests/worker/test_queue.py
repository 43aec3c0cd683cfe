"""Queue, stop, kill, hang and resume: real worker processes with the stub trainer."""

import os
import signal

import numpy as np
import psutil
import pytest

from digitlab.errors import RunError
from digitlab.runs import health, launcher
from digitlab.runs.checkpoints import find_checkpoint, list_checkpoints
from digitlab.runs.control import (
    count_active_runs,
    delete_run,
    follow_run,
    resume_run,
    start_run,
    stop_run,
)
from digitlab.runs.health import inspect_run
from digitlab.runs.queue import count_entries, find_position
from digitlab.runs.run import create_run, get_run, list_runs
from digitlab.training.config import TrainConfig
from tests.conftest import end_workers
from tests.worker.workers import (
    LIMIT_S,
    find_workers,
    run_python,
    wait_for_epochs,
    wait_for_state,
    wait_until,
)

LONG = TrainConfig(epochs=1000)
NOTICED_WITHIN_S = 10
# Starts a run as an app process of its own would, when it is told to, and ends.
START = """
import sys
from digitlab.runs.run import get_run
from digitlab.runs.control import start_run
print("ready", flush=True)
sys.stdin.readline()
start_run(get_run(sys.argv[1]))
"""


@pytest.fixture(autouse=True)
def stub_trainer(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITLAB_TRAINER", "tests.stub_trainer")
    yield
    end_workers(tmp_path / "cache")


def test_two_simultaneous_starts_make_one_training_and_a_queue():
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
    wait_until(lambda: count_entries() == 1)
    first, second = sorted(runs, key=find_position)
    assert inspect_run(second).position == 1
    third = create_run(LONG)
    start_run(third)
    assert inspect_run(third).position == 2
    assert count_active_runs() == 3
    with pytest.raises(RunError, match="already active"):
        start_run(second)
    with pytest.raises(RunError, match="Stop it first"):
        delete_run(second)
    wait_for_epochs(first, 1)
    assert [inspect_run(run).state for run in (second, third)] == ["queued", "queued"]
    assert len(find_workers()) == 1
    stop_run(third)
    assert inspect_run(third).state == "cancelled"
    assert find_position(third) == 0

    stop_run(first)
    wait_for_epochs(second, 1)
    assert inspect_run(first).state == "stopped"
    # The same process, with what it has imported, took the next run.
    assert inspect_run(first).pid == inspect_run(second).pid
    stop_run(second)
    wait_for_state(second, "stopped")
    # The process that started the worker is gone, and nothing is queued.
    wait_until(lambda: not find_workers())


def test_sixty_queued_runs_are_files_and_one_process():
    first = create_run(LONG)
    start_run(first)
    wait_for_state(first, "training")
    runs = [create_run(TrainConfig(epochs=1, batch_size=4096)) for _ in range(60)]
    for run in runs:
        start_run(run)
    assert [inspect_run(run).position for run in runs] == list(range(1, 61))
    assert len(find_workers()) == 1
    stop_run(runs[0])
    assert inspect_run(runs[59]).position == 59
    stop_run(first)
    wait_for_state(runs[59], "done")
    assert [inspect_run(run).state for run in runs[1:]] == ["done"] * 59
    assert len({run.read_status().pid for run in runs[1:]}) == 1
    # In order: each begins after the one before it has ended.
    ends = [run.read_status().updated_s for run in runs[1:]]
    assert ends == sorted(ends)


def test_a_killed_worker_is_noticed_and_the_next_run_gets_another():
    digits = np.zeros((2, 28, 28), np.uint8)
    run = create_run(LONG, digits=digits, digit_labels=[4, -1])
    start_run(run)
    queued = create_run(TrainConfig(epochs=1))
    start_run(queued)
    wait_for_epochs(run, 2)
    killed = inspect_run(run).pid
    os.kill(killed, signal.SIGKILL)
    _, took_s = wait_until(lambda: inspect_run(run).state == "interrupted", NOTICED_WITHIN_S)
    assert took_s < NOTICED_WITHIN_S
    status = get_run(run.id).read_status()
    epochs = find_checkpoint(run)
    assert f"{epochs} epochs were saved" in status.message
    # Whoever looks at the first queued run starts another worker.
    *_, last = follow_run(queued)
    assert last.state == "done"
    assert last.pid != killed

    before = run.read_history()[:epochs]
    resume_run(run, epochs=2)
    *_, status = follow_run(run)
    assert (status.state, status.epoch, status.epochs) == ("done", epochs + 2, epochs + 2)
    history = run.read_history()
    assert history[:epochs] == before
    assert [row["epoch"] for row in history] == list(range(epochs + 2))
    rows, place = run.read_batches()
    assert [row["epoch"] for row in rows] == sorted(row["epoch"] for row in rows)
    assert run.read_batches(place) == ([], place)
    delete_run(run)
    assert list_runs() == [queued]


def test_a_worker_that_hangs_is_noticed_and_can_be_stopped(monkeypatch):
    assert health._SILENCE_LIMIT_S < NOTICED_WITHIN_S
    monkeypatch.setattr(health, "_SILENCE_LIMIT_S", 3.0)
    run = create_run(LONG)
    start_run(run)
    wait_for_epochs(run, 1)
    pid = inspect_run(run).pid
    os.kill(pid, signal.SIGSTOP)
    _, took_s = wait_until(lambda: inspect_run(run).is_hanging, NOTICED_WITHIN_S)
    assert took_s < NOTICED_WITHIN_S
    assert "made no progress for" in inspect_run(run).message
    stop_run(run)
    status = wait_for_state(run, "interrupted")
    assert "The training process was killed." in status.message
    wait_until(lambda: not psutil.pid_exists(pid))
    assert find_checkpoint(run) >= 1


def test_a_full_disk_ends_in_a_clear_state(full_disk):
    run = create_run(LONG)
    start_run(run)
    wait_for_epochs(run, 2)
    full_disk.fill()
    *_, status = follow_run(run)
    assert status.state in ("failed", "interrupted")
    assert "disk is full" in status.message
    assert find_checkpoint(run) >= 1
    assert len(run.read_history()) >= 1

    full_disk.free()
    epochs = find_checkpoint(run)
    resume_run(run, epochs=1)
    *_, status = follow_run(run)
    assert (status.state, status.epoch) == ("done", epochs + 1), status.message


def test_one_prewarmed_worker_a_computer_takes_the_next_run():
    if launcher.measure_free_memory_bytes() < launcher.MIN_FREE_BYTES:
        pytest.skip("not enough memory for a worker that waits")
    assert launcher.prewarm_worker()
    (worker,) = wait_until(find_workers)[0]
    other = run_python("from digitlab.runs import launcher; print(launcher.prewarm_worker())")
    assert other.communicate(timeout=LIMIT_S)[0] == "True\n"
    assert find_workers() == [worker]
    run = create_run(TrainConfig(epochs=1))
    start_run(run)
    *_, status = follow_run(run)
    assert (status.state, status.pid) == ("done", worker.pid)
    assert find_workers() == [worker]


def test_a_worker_that_waits_ends_with_the_process_that_started_it():
    code = "import sys; from digitlab.runs import launcher; launcher.ensure_worker(); input()"
    app = run_python(code)
    wait_until(find_workers)
    app.kill()
    app.wait()
    wait_until(lambda: not find_workers())


def test_a_run_whose_process_cannot_be_started_is_not_left_in_the_queue(monkeypatch):
    run = create_run(TrainConfig())
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(RunError, match="could not be started: no such file"):
        start_run(run)
    assert find_position(run) == 0
    assert run.read_status().state == "waiting"
    assert [checkpoint.epochs for checkpoint in list_checkpoints(run)] == []
