import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from digitlab.errors import OwnerError, RunError
from digitlab.runs.control import delete_run, rename_run, resume_run, start_run, stop_run
from digitlab.runs.health import inspect_run
from digitlab.runs.queue import find_position
from digitlab.runs.run import create_run, get_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig


def test_a_run_stores_its_settings():
    config = TrainConfig(net="three_conv_cnn", epochs=3)
    run = create_run(config)
    assert get_run(run.id).read_config() == config
    assert run.read_status() == RunStatus()
    assert run.read_history() == []


def test_runs_of_the_same_second_do_not_collide():
    assert len({create_run(TrainConfig()).id for _ in range(5)}) == 5


def test_a_name_is_used_once():
    create_run(TrainConfig(), name="first")
    with pytest.raises(RunError, match="A run named first exists"):
        create_run(TrainConfig(), name="first")


def test_missing_and_damaged_runs():
    with pytest.raises(RunError, match="no run nowhere"):
        get_run("nowhere")
    run = create_run(TrainConfig())
    (run.directory / "config.json").write_text("{")
    with pytest.raises(RunError, match=r"no readable config\.json"):
        run.read_config()
    (run.directory / "config.json").write_text(json.dumps({"epochs": -1}))
    with pytest.raises(RunError, match=f"{run.id} are invalid: epochs is -1"):
        run.read_config()


def test_a_status_is_replaced_atomically():
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
def test_invalid_folder_names_are_refused(name):
    with pytest.raises(RunError, match="is not a valid run name"):
        create_run(TrainConfig(), name=name)


def test_epochs_without_validation_have_no_validation_values():
    run = create_run(TrainConfig())
    run.history_path.write_text("epoch,loss,val_loss\n0,0.5,NA\n")
    assert run.read_history() == [{"epoch": 0, "loss": 0.5}]


def test_concurrent_writers():
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
    rename_run(first, "  my\n first ")
    assert first.read_meta().label == "my first"
    assert second.read_meta().label == "two"
    assert list_runs() == [second, first]
    with pytest.raises(RunError, match="at most 80"):
        rename_run(first, "x" * 81)


def test_the_command_includes_a_resume():
    run = create_run(TrainConfig(epochs=3))
    assert run.format_command() == "python -m digitlab train --net simple_cnn --epochs 3"
    run.write_meta(replace(run.read_meta(), epochs=5))
    assert run.format_command().splitlines()[1] == f"python -m digitlab resume {run.id} --epochs 2"


@pytest.mark.parametrize("content", ["[]", "null", "{", '{"state": 3}', '{"metrics": []}'])
def test_a_damaged_status_is_one_error_and_hides_no_other_run(content):
    damaged, sound = create_run(TrainConfig()), create_run(TrainConfig())
    (damaged.directory / "status.json").write_text(content)
    with pytest.raises(RunError, match=f"The status of {damaged.id} is damaged"):
        damaged.read_status()
    assert set(list_runs()) == {damaged, sound}
    assert sound.read_status().state == "waiting"
    delete_run(damaged)
    assert list_runs() == [sound]


@pytest.mark.parametrize("content", ["[]", "null", '{"label": 3}'])
def test_a_damaged_meta_file_is_one_error(content):
    damaged, sound = create_run(TrainConfig()), create_run(TrainConfig())
    (damaged.directory / "meta.json").write_text(content)
    with pytest.raises(RunError, match=f"The file meta.json of the run {damaged.id} is damaged"):
        damaged.read_meta()
    assert set(list_runs()) == {damaged, sound}
    with pytest.raises(OwnerError):
        delete_run(damaged, owner="alice")
    delete_run(damaged)
    assert list_runs() == [sound]


def test_only_the_owner_may_act_on_a_run():
    run = create_run(TrainConfig(), owner="alice")
    for act in (
        delete_run,
        start_run,
        resume_run,
        stop_run,
        lambda run, owner: rename_run(run, "mine", owner=owner),
    ):
        with pytest.raises(OwnerError, match=f"The run {run.id} belongs to another user"):
            act(run, owner="bob")
    assert list_runs(owner="bob") == [] and list_runs(owner="alice") == [run] == list_runs()
    # Found by its address only, which nobody can guess.
    assert len(run.id.rpartition("-")[2]) == 16
    rename_run(run, "mine", owner="alice")
    assert run.read_meta().label == "mine"
    assert run.read_meta().owner == "alice"
    delete_run(run, owner="alice")


def test_a_run_deleted_while_runs_are_listed_is_left_out():
    """One process creates and deletes runs while this one lists them."""
    kept = create_run(TrainConfig())
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            delete_run(create_run(TrainConfig()))

    churner = threading.Thread(target=churn)
    churner.start()
    try:
        listed = [list_runs()]
        while sum(len(runs) > 1 for runs in listed) < 20:
            listed.append(list_runs())
    finally:
        stop.set()
        churner.join()
    assert all(kept in runs for runs in listed)


def test_a_full_disk_is_one_sentence(full_disk):
    run = create_run(TrainConfig())
    full_disk.fill()
    with pytest.raises(RunError, match=f"The run {run.id} cannot be changed: no space left"):
        rename_run(run, "x" * 80)
    with pytest.raises(RunError, match=f"The run {run.id} cannot be queued: no space left"):
        start_run(run)
    assert inspect_run(run).state in ("waiting", "interrupted")
    assert find_position(run) == 0
