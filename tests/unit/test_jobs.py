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
from digitlab.runs.control import can_resume, delete_run, inspect_run, resume_run, stop_run
from digitlab.runs.health import HeartbeatWriter, read_heartbeat
from digitlab.runs.queue import build_place, change_line, find_position, read_line
from digitlab.runs.run import create_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig
from digitlab.worker.callbacks import Meter
from tests.conftest import PROJECT_DIR


def write_training(run, mark):
    status = RunStatus(state="training", pid=mark.pid, process_started_s=mark.started_s)
    run.write_status(status)
    return status


def make_ended_process():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    mark = identify_process(process.pid)
    assert mark.is_alive()
    process.communicate()
    return mark


def test_a_process_is_known_by_number_and_start():
    mark = identify_process()
    assert mark.pid == os.getpid()
    assert mark.is_alive()
    assert not replace(mark, started_s=mark.started_s - 60).is_alive()
    assert not ProcessIdentity().is_alive()
    assert not make_ended_process().is_alive()


def test_a_process_that_does_not_listen_is_ended():
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.stdout.readline()
    mark = identify_process(process.pid)
    mark.end(wait_s=0.3)
    assert not mark.is_alive()
    process.communicate()
    mark.end()


def test_a_run_whose_worker_has_gone_is_interrupted_for_everybody():
    run = create_run(TrainConfig())
    assert inspect_run(run).state == "waiting"
    write_training(run, identify_process())
    assert inspect_run(run).state == "training"
    write_training(run, make_ended_process())
    status = inspect_run(run)
    assert status.state == run.read_status().state == "interrupted"
    assert "No epoch was complete" in status.message
    assert can_resume(run)


def test_a_fresh_sign_of_life_outweighs_the_process_table():
    run = create_run(TrainConfig())
    write_training(run, make_ended_process())
    with HeartbeatWriter(run):
        assert inspect_run(run).state == "training"


def test_silence_and_idleness_are_told(monkeypatch):
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
    assert "has not moved for 9 seconds" in inspect_run(run).message


def test_a_heart_learns_how_long_things_take():
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


def test_the_line_is_kept_in_order_without_the_dead():
    runs = [create_run(TrainConfig()) for _ in range(3)]
    marks = [identify_process(), make_ended_process(), identify_process()]
    with change_line() as places:
        places += [build_place(run, mark) for run, mark in zip(runs, marks, strict=True)]
    assert [find_position(run) for run in runs] == [0, None, 1]
    with change_line() as places:
        assert len(places) == 2
        del places[0]
    assert find_position(runs[2]) == 0
    assert len(read_line()) == 1


def test_active_runs_are_neither_deleted_nor_resumed():
    run = create_run(TrainConfig())
    write_training(run, identify_process())
    with pytest.raises(RunError, match="Stop it first"):
        delete_run(run)
    with pytest.raises(RunError, match="being trained already"):
        resume_run(run)
    run.write_status(RunStatus(state="done"))
    with pytest.raises(ConfigError, match="epochs is 5000"):
        resume_run(run, epochs=5000)
    stop_run(run)
    assert not run.is_stop_requested()
    delete_run(run)
    assert list_runs() == []
    assert not any(run.directory.parent.iterdir())


def test_a_meter_tells_the_batches_since_the_last_reading():
    meter = Meter(2, n_images=250, batch_size=100)
    assert meter.n_batches == 3
    assert meter.estimate_rest_s(0, 0) == -1
    meter.begin_epoch(0)
    assert meter.read(1, {"loss": 1.0}).values == {"loss": 1.0}
    # The mean of 1.0 and what came since is 0.5 after three batches.
    assert meter.read(3, {"loss": 0.5}).values["loss"] == pytest.approx(0.25)
    assert meter.estimate_rest_s(0, 3) > 0
    meter.end_epoch()
    assert meter.estimate_rest_s(1, 0) == pytest.approx(meter.epoch_s)
    assert meter.estimate_rest_s(2, 0) == 0


def test_a_worker_yields_to_the_app():
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
