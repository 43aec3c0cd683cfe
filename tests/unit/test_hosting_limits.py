"""What visitors of a hosted app may use, and that nobody else is limited."""

import io
import json
import time
from dataclasses import replace

import pytest

from digitlab.dataset_import.expiry import remove_expired_datasets
from digitlab.dataset_import.importing import import_pictures
from digitlab.dataset_import.jobs import start_import
from digitlab.datasets.user_datasets import list_user_datasets
from digitlab.errors import ConfigError, LabelledFilesError, LimitError
from digitlab.files import write_json
from digitlab.hosting_limits import get_limits, load_limits
from digitlab.model_store.store import save_model
from digitlab.owners import LOCAL_OWNER
from digitlab.runs import launcher
from digitlab.runs.control import resume_run, start_new_run, start_run, stop_run
from digitlab.runs.limits import remove_expired_runs
from digitlab.runs.queue import find_position, list_queued_runs, lock_queue, take_first_entry
from digitlab.runs.run import create_run, get_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.training.config import TrainConfig
from digitlab.tuning.expiry import remove_expired_studies
from digitlab.tuning.search_space import parse_range
from digitlab.tuning.study import create_study, list_studies
from digitlab.tuning.study_config import StudyConfig
from tests.app.runs import create_finished_run
from tests.app.studies import create_finished_study
from tests.unit.user_pictures import pack_pictures


@pytest.fixture(autouse=True)
def no_worker(monkeypatch):
    """Runs stay in the queue."""
    monkeypatch.setattr(launcher, "ensure_worker", lambda: None)


def limit(monkeypatch, **values):
    for name, value in values.items():
        monkeypatch.setenv(f"DIGITLAB_HOSTING_{name.upper()}", str(value))


def test_the_owner_at_home_has_no_limits(monkeypatch):
    limit(monkeypatch, epochs=1, trainings_at_once=0, queue_length=0, models=0, free_disk_mb=1e12)
    assert get_limits(LOCAL_OWNER) is None
    for _ in range(3):
        start_new_run(TrainConfig(epochs=1000))
    save_model(create_finished_run(), label="Mine")


def test_the_environment_overrides_the_file_and_is_checked(monkeypatch):
    assert load_limits().epochs == 30
    limit(monkeypatch, epochs=7)
    assert load_limits().epochs == 7
    limit(monkeypatch, epochs="many")
    with pytest.raises(ConfigError, match=r"hosting\.epochs .*DIGITLAB_HOSTING_EPOCHS, is 'many'"):
        load_limits()


@pytest.mark.parametrize(
    ("limits", "config", "sentence"),
    [
        ({"epochs": 3}, TrainConfig(epochs=4), "at most 3 epochs; this one would have 4"),
        ({"training_images": 5000}, TrainConfig(), "at most 5,000 images; this one would have 54"),
        ({"trainings_at_once": 0}, TrainConfig(), "0 trainings of yours are queued or running"),
        ({"trainings_per_hour": 0}, TrainConfig(), "You have started 0 trainings within an hour"),
        ({"queue_length": 0}, TrainConfig(), "0 trainings wait already"),
        ({"free_disk_mb": 1e12}, TrainConfig(), "disk is nearly full"),
        ({"training_mb": 1e9}, TrainConfig(), "MB of memory left; a training needs 1e"),
    ],
)
def test_a_training_beyond_a_limit_is_one_sentence_and_leaves_nothing(
    monkeypatch, limits, config, sentence
):
    limit(monkeypatch, **limits)
    with pytest.raises(LimitError, match=f"{sentence}.*At home"):
        start_new_run(config, owner="ada")
    assert list_runs() == [] and list_queued_runs() == []


def test_a_container_may_have_less_memory_than_the_computer(tmp_path, monkeypatch):
    computer = launcher.measure_free_memory_bytes()
    assert computer > 1e8
    monkeypatch.setattr(launcher, "_CGROUP", tmp_path)
    for name, text in (
        ("memory.max", "1000000\n"),
        ("memory.current", "700000\n"),
        ("memory.stat", "anon 400000\ninactive_file 200000\n"),
    ):
        (tmp_path / name).write_text(text)
    assert launcher.measure_free_memory_bytes() == 500_000
    (tmp_path / "memory.max").write_text("max\n")
    assert launcher.measure_free_memory_bytes() > 1e8


def test_a_resume_has_the_same_limits(monkeypatch):
    run = start_new_run(TrainConfig(epochs=2), owner="ada")
    stop_run(run, owner="ada")
    limit(monkeypatch, epochs=5)
    with pytest.raises(LimitError, match="at most 5 epochs; this one would have 6"):
        resume_run(run, epochs=6, owner="ada")
    resume_run(run, epochs=5, owner="ada")


def test_trainings_count_by_owner(monkeypatch):
    limit(monkeypatch, trainings_at_once=2, trainings_per_hour=3)
    first = start_new_run(TrainConfig(), owner="ada")
    start_new_run(TrainConfig(), owner="ada")
    with pytest.raises(LimitError, match="2 trainings of yours"):
        start_new_run(TrainConfig(), owner="ada")
    start_new_run(TrainConfig(), owner="bob")
    stop_run(first, owner="ada")
    start_new_run(TrainConfig(), owner="ada")
    stop_run(first := list_runs(owner="ada")[0], owner="ada")
    with pytest.raises(LimitError, match="3 trainings within an hour"):
        start_new_run(TrainConfig(), owner="ada")
    old = replace(first.read_meta(), created_s=time.time() - 3700)
    first.write_meta(old)
    start_new_run(TrainConfig(), owner="ada")
    # The trials of a search are limited with it.
    start_run(create_run(TrainConfig(), owner="ada", study="s"), owner="ada")


def test_the_queue_is_fair_by_owner():
    for name in ("ada1", "ada2", "ada3", "bob1", "cleo1", "bob2"):
        start_run(create_run(TrainConfig(), name=name, owner=name[:-1], study="s"), owner=name[:-1])
    expected = ["ada1", "bob1", "cleo1", "ada2", "bob2", "ada3"]
    assert [run.id for run in list_queued_runs()] == expected
    assert [find_position(get_run(name)) for name in expected] == [1, 2, 3, 4, 5, 6]
    with lock_queue():
        assert [take_first_entry().id for _ in range(3)] == expected[:3]
    # Cleo's run is being trained.
    for name in ("cleo2", "dora1"):
        start_run(create_run(TrainConfig(), name=name, owner=name[:-1], study="s"), owner=name[:-1])
    with lock_queue():
        taken = [take_first_entry().id for _ in range(5)]
    assert taken == ["ada2", "bob2", "dora1", "ada3", "cleo2"]


def test_models_are_limited_by_number_and_size(monkeypatch):
    limit(monkeypatch, models=1)
    save_model(create_finished_run(owner="ada"), label="One", owner="ada")
    with pytest.raises(LimitError, match="You have 1 model with 2 MB; 1 with 100 MB"):
        save_model(create_finished_run(owner="ada"), label="Two", owner="ada")
    # Replacing takes no more space.
    save_model(create_finished_run(owner="ada"), label="One", owner="ada", replace=True)
    save_model(create_finished_run(owner="bob"), label="Two", owner="bob")
    limit(monkeypatch, models=5, models_mb=0)
    with pytest.raises(LimitError):
        save_model(create_finished_run(owner="ada"), label="Two", owner="ada")


@pytest.mark.parametrize(
    ("changes", "base", "sentence"),
    [
        ({"minutes": 0.0}, {}, "a search takes at most 15 minutes"),
        ({"minutes": 16.0}, {}, "a search takes at most 15 minutes"),
        ({"minutes": 5.0}, {"epochs": 31}, "at most 30 epochs"),
        ({"minutes": 5.0, "space": (parse_range("epochs=1:50"),)}, {}, "at most 30 epochs"),
    ],
)
def test_a_search_beyond_a_limit_is_one_sentence(changes, base, sentence):
    space = (parse_range("dropout=0:0.5"),)
    config = {"base": TrainConfig(**base).to_json(), "space": space, "owner": "ada"} | changes
    with pytest.raises(LimitError, match=sentence):
        create_study(StudyConfig(**config))
    assert list_studies() == []


def test_uploads_are_limited_in_size(monkeypatch):
    limit(monkeypatch, upload_mb=0.001)
    with pytest.raises(LimitError, match=r"This zip has 0\.2 MB; on this server at most 0\.001 MB"):
        start_import(bytes(200_000), "Mine", image_px=32, owner="ada")
    limit(monkeypatch, upload_mb=1, datasets=0)
    with pytest.raises(LimitError, match="You have 0 data sets"):
        start_import(bytes(200_000), "Mine", image_px=32, owner="ada")


def test_data_sets_are_limited_in_memory(monkeypatch):
    limit(monkeypatch, dataset_mb=0.05)
    content = io.BytesIO(pack_pictures(6))
    with pytest.raises(LabelledFilesError, match=r"18 images of 48×48 pixels take 0 MB; the limit"):
        import_pictures(content, "Mine", image_px=48, owner="ada")
    assert import_pictures(content, "Mine", image_px=48).n_train == 15


def test_old_data_sets_of_visitors_are_deleted():
    content = io.BytesIO(pack_pictures(6))
    made = [
        import_pictures(content, name, image_px=32 + 16 * k, owner=owner)
        for k, (name, owner) in enumerate((("old", "ada"), ("new", "ada"), ("home", LOCAL_OWNER)))
    ]
    for own in (made[0], made[2]):
        card = own.directory / "dataset.json"
        write_json(card, json.loads(card.read_text()) | {"created_at": "2026-01-01T00:00:00Z"})
    assert remove_expired_datasets(load_limits()) == 1
    assert [own.label for own in list_user_datasets()] == ["home", "new"]


def test_old_runs_of_visitors_are_deleted():
    old_s = time.time() - 8 * 24 * 3600
    kept = [create_run(TrainConfig()), create_run(TrainConfig(), owner="ada")]
    kept.append(start_new_run(TrainConfig(), owner="bob"))
    gone = create_run(TrainConfig(), owner="ada")
    for run in (kept[0], gone):
        run.write_meta(replace(run.read_meta(), created_s=old_s))
    ended = create_run(TrainConfig(), owner="ada")
    ended.write_meta(replace(ended.read_meta(), created_s=old_s))
    ended.write_status(RunStatus(state="done"))
    kept.append(ended)
    assert remove_expired_runs(load_limits()) == 1
    assert set(list_runs()) == set(kept)


def test_old_searches_of_visitors_are_deleted():
    studies = [create_finished_study(owner="ada"), create_finished_study(owner="bob", name="bobs")]
    studies.append(create_finished_study(name="at-home"))
    for study in (studies[0], studies[2]):
        write_json(study.directory / "status.json", {"state": "done", "updated_s": 1.0})
    studies[1].write_status(studies[1].read_status())
    assert remove_expired_studies(load_limits()) == 1
    assert set(list_studies()) == set(studies[1:])
    assert len(list_runs()) == 2
