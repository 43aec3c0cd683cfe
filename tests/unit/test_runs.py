import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from digitlab.errors import ConfigError, RunError
from digitlab.runs.run import create_run, get_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig


def test_a_run_keeps_its_settings():
    config = TrainConfig(net="three_conv_cnn", epochs=3)
    run = create_run(config)
    assert get_run(run.id).read_config() == config
    assert run.read_status() == RunStatus()
    assert run.read_history() == []


def test_runs_of_the_same_second_do_not_collide():
    assert len({create_run(TrainConfig()).id for _ in range(5)}) == 5


def test_a_name_is_taken_once():
    create_run(TrainConfig(), name="first")
    with pytest.raises(RunError, match="A run called first exists"):
        create_run(TrainConfig(), name="first")


def test_missing_and_damaged_runs():
    with pytest.raises(RunError, match="no run nowhere"):
        get_run("nowhere")
    run = create_run(TrainConfig())
    (run.directory / "config.json").write_text("{")
    with pytest.raises(RunError, match=r"no readable config\.json"):
        run.read_config()
    (run.directory / "config.json").write_text(json.dumps({"epochs": -1}))
    with pytest.raises(ConfigError, match="epochs is -1"):
        run.read_config()


def test_a_reader_never_sees_half_a_status():
    run = create_run(TrainConfig())
    long_message = "x" * 50_000
    stop = threading.Event()

    def write():
        epoch = 0
        while not stop.is_set():
            epoch += 1
            run.write_status(RunStatus(state="training", epoch=epoch, message=long_message))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        seen = [run.read_status() for _ in range(300)]
    finally:
        stop.set()
        writer.join()
    assert all(status.message in ("", long_message) for status in seen)


def test_a_stop_request_is_seen():
    run = create_run(TrainConfig())
    assert not run.is_stop_requested()
    run.request_stop()
    assert get_run(run.id).is_stop_requested()


@pytest.mark.parametrize("name", ["../outside", "", "a/b", ".hidden", "x" * 101])
def test_names_that_are_no_folder_names_are_refused(name):
    with pytest.raises(RunError, match="cannot be a run's name"):
        create_run(TrainConfig(), name=name)


def test_epochs_without_validation_have_no_validation_values():
    run = create_run(TrainConfig())
    run.history_path.write_text("epoch,loss,val_loss\n0,0.5,NA\n")
    assert run.read_history() == [{"epoch": 0, "loss": 0.5}]


def test_two_writers_do_not_disturb_each_other():
    run = create_run(TrainConfig())

    def write():
        for epoch in range(200):
            run.write_status(RunStatus(epoch=epoch))

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(write) for _ in range(4)]:
            done.result()
    assert run.read_status().epoch == 199


def test_runs_are_listed_newest_first_and_renamed():
    first, second = create_run(TrainConfig()), create_run(TrainConfig(), label="two")
    (first.directory.parent / "no-run").mkdir()
    assert list_runs() == [second, first]
    first.rename("  my\n first ")
    assert first.read_meta().label == "my first"
    assert second.read_meta().label == "two"
    assert list_runs() == [second, first]
    with pytest.raises(RunError, match="at most 80"):
        first.rename("x" * 81)


def test_the_command_tells_of_resumptions():
    run = create_run(TrainConfig(epochs=3))
    assert run.format_command() == "python -m digitlab train --net simple_cnn --epochs 3"
    run.write_meta(replace(run.read_meta(), epochs=5))
    assert run.format_command().splitlines()[1] == f"python -m digitlab resume {run.id} --epochs 2"
