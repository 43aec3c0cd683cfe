import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from digitlab.errors import ConfigError, RunError
from digitlab.files import write_json
from digitlab.processes import ProcessIdentity, identify_process
from digitlab.runs.control import can_resume, delete_run, resume_run, stop_run
from digitlab.runs.health import HeartbeatWriter, inspect_run, read_heartbeat
from digitlab.runs.run import create_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig
from tests.conftest import PROJECT_DIR


def write_training(run, identity):
    status = RunStatus(state="training", pid=identity.pid, process_started_s=identity.started_s)
    run.write_status(status)
    return status


def make_ended_process():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = identify_process(process.pid)
    assert identity.is_alive()
    process.communicate()
    return identity


def test_a_process_is_identified_by_id_and_start_time():
    identity = identify_process()
    assert identity.pid == os.getpid()
    assert identity.is_alive()
    assert not replace(identity, started_s=identity.started_s - 60).is_alive()
    assert not ProcessIdentity().is_alive()
    assert not make_ended_process().is_alive()


def test_a_process_that_ignores_sigterm_is_killed():
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdout.readline()
    identity = identify_process(process.pid)
    identity.terminate(timeout_s=0.3)
    assert not identity.is_alive()
    process.communicate()
    identity.terminate()


def test_a_run_whose_worker_died_is_interrupted():
    run = create_run(TrainConfig())
    assert inspect_run(run).state == "waiting"
    write_training(run, identify_process())
    assert inspect_run(run).state == "training"
    write_training(run, make_ended_process())
    status = inspect_run(run)
    assert status.state == run.read_status().state == "interrupted"
    assert "No epoch was complete" in status.message
    assert can_resume(run)


def test_a_fresh_heartbeat_outweighs_the_process_table():
    run = create_run(TrainConfig())
    write_training(run, make_ended_process())
    with HeartbeatWriter(run):
        assert inspect_run(run).state == "training"


def test_silence_and_lack_of_progress_count_as_hanging(monkeypatch):
    run = create_run(TrainConfig())
    write_training(run, identify_process())
    now = time.time()

    def beat(beat_s, progress_s, patience_s=20):
        values = {"beat_s": beat_s, "progress_s": progress_s, "patience_s": patience_s}
        write_json(run.directory / "heartbeat.json", values)
        return inspect_run(run).is_hanging

    assert not beat(now, now)
    assert not beat(now, now - 15)
    assert beat(now, now - 30)
    assert not beat(now, now - 30, patience_s=300)
    assert beat(now - 9, now - 9)
    assert "made no progress for 9 seconds" in inspect_run(run).message


def test_the_patience_follows_the_time_that_steps_take():
    run = create_run(TrainConfig())
    with HeartbeatWriter(run) as heartbeat:
        heartbeat.progress("batch")
        time.sleep(1)
        heartbeat.progress("batch")
        deadline = time.monotonic() + 10
        while (beat := read_heartbeat(run)) is None or beat.patience_s > 100:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    # Ten times as long as it has taken once.
    assert 10 <= beat.patience_s < 60


def test_active_runs_are_neither_deleted_nor_resumed():
    run = create_run(TrainConfig())
    write_training(run, identify_process())
    with pytest.raises(RunError, match="Stop it first"):
        delete_run(run)
    with pytest.raises(RunError, match="already active"):
        resume_run(run)
    run.write_status(RunStatus(state="done"))
    with pytest.raises(ConfigError, match="epochs is 5000"):
        resume_run(run, epochs=5000)
    stop_run(run)
    assert not run.is_stop_requested()
    delete_run(run)
    assert list_runs() == []
    assert not any(run.directory.parent.iterdir())


def test_a_worker_lowers_its_priority():
    """In a process of its own, which cannot take its niceness back."""
    code = (
        "import os; from digitlab.processes import lower_priority; lower_priority();"
        "print(os.nice(0)); print(open('/proc/self/autogroup').read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False, start_new_session=True,
    )  # fmt: skip
    assert done.stdout.startswith("19\n")
    if Path("/proc/self/autogroup").exists():
        assert "nice 19" in done.stdout
