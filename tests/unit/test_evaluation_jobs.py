"""Analyses in a real process: progress, result, stop, death."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from digitlab.errors import ModelStoreError, OwnerError
from digitlab.evaluation.jobs import AnalysisJob, find_job, start_job, stop_job
from digitlab.evaluation.results_cache import (
    get_results_dir,
    load_feature_map,
    load_report,
    load_robustness,
    load_test_images,
)
from digitlab.evaluation.saved_images import SavedImages
from digitlab.model_store.store import get_model
from digitlab.processes import identify_process
from digitlab.step_jobs import StepStatus
from tests.conftest import PROJECT_DIR
from tests.unit.sample_model import save_sample_model


def follow(job, until=lambda status: status.is_final, limit_s=240):
    end = time.monotonic() + limit_s
    while not until(status := job.inspect()):
        assert time.monotonic() < end, status
        time.sleep(0.05)
    return status


@pytest.fixture
def model():
    """A model that was tested on the sample's 1,000 digits, which are on every machine."""
    return save_sample_model()


def test_features_are_analysed_in_a_process(model):
    assert find_job(model, "feature_analysis") is None
    job = start_job(model, "feature_analysis")
    assert start_job(model, "feature_analysis") == job  # the running one, no second process
    status = follow(job)
    assert (status.state, status.message) == ("done", "")
    assert find_job(model, "feature_analysis") == job
    report = load_report(model)
    assert report.feature_analysis is not None
    assert load_feature_map(model, report).shape == (1000, 2)
    assert load_feature_map(model, report, "tsne") is None


def test_robustness_can_be_stopped_and_started_again(model):
    job = start_job(model, "robustness")
    status = follow(job, lambda s: s.is_final or s.done >= 1)
    assert 0 < status.fraction < 1
    stop_job(job)
    assert follow(job).state == "stopped"
    assert load_robustness(model) is None
    again = start_job(model, "robustness")
    assert follow(again, lambda s: s.state == "running").state == "running"
    stop_job(again)
    follow(again)


def test_a_killed_analysis_has_failed(model):
    job = start_job(model, "robustness")
    status = follow(job, lambda s: s.done >= 1)
    os.kill(status.pid, signal.SIGKILL)
    status = follow(job)
    assert status.state == "failed"
    assert "ended unexpectedly" in status.message


def test_a_missing_data_set_is_explained(model):
    """A model tested on the full set, on a machine that has only the sample."""
    shipped = get_model("simple_cnn")
    status = follow(start_job(shipped, "feature_analysis"))
    assert status.state == "failed"
    assert "Connect to the internet" in status.message
    with pytest.raises(ModelStoreError, match="no analysis"):
        start_job(model, "../../elsewhere")


def test_another_model_file_has_other_results(model):
    before = get_results_dir(model)
    card = json.loads((model.directory / "card.json").read_text())
    card["files"]["model.tflite"]["sha256"] = "0" * 64
    (model.directory / "card.json").write_text(json.dumps(card))
    assert get_results_dir(get_model(model.id)) != before


@pytest.mark.parametrize("model_id", ["digitlab_cnn", "simple_cnn"])
def test_shipped_models_show_their_mistakes_without_internet(model_id):
    model = get_model(model_id)
    report = load_report(model)
    pictures = load_test_images(model, report)
    is_available = pictures.is_available
    assert is_available[~report.is_correct].all()
    assert is_available[report.is_rejected].all()
    right = np.bincount(report.labels[is_available & report.is_correct], minlength=10)
    assert right.min() >= 24
    assert is_available.sum() < 1500
    answers = model.open_reader().compute_probabilities(pictures.images[is_available])
    np.testing.assert_allclose(answers, report.probabilities[is_available], atol=1e-4)
    assert not pictures.images[~is_available].any()
    assert (
        load_test_images(model, replace(report, labels=report.labels[::-1], saved_images=None))
        is None
    )


def test_the_data_set_provides_all_images(shared_data_dir, monkeypatch):
    monkeypatch.setenv("DIGITLAB_DATA", str(shared_data_dir))
    model = get_model("simple_cnn")
    assert follow(start_job(model, "test_images")).state == "done"
    pictures = load_test_images(model, load_report(model))
    assert pictures.is_available.all()
    assert pictures.images.shape == (10_000, 28, 28)


def test_a_job_of_a_process_that_has_gone_is_final_though_its_number_is_used_again(model):
    job = AnalysisJob(get_results_dir(model) / "robustness")
    job.directory.mkdir(parents=True)
    identity = identify_process()
    job.write_status(
        StepStatus(state="running", pid=identity.pid, process_started_s=identity.started_s)
    )
    assert job.inspect().state == "running"
    job.write_status(
        StepStatus(state="running", pid=identity.pid, process_started_s=identity.started_s - 1000)
    )
    assert job.inspect().state == "failed"


def test_images_of_another_report_are_refused(model):
    report = load_report(model)
    path = model.directory / "report.npz"
    for places, images in (
        ([5000], np.zeros((1, 28, 28), np.uint8)),
        ([1, 2], np.zeros((1, 28, 28), np.uint8)),
        ([1], np.zeros((1, 28, 28), np.float32)),
    ):
        replace(report, saved_images=SavedImages(np.array(places, np.int32), images)).save(path)
        with pytest.raises(ModelStoreError, match="inconsistent"):
            load_report(model)


START_AND_WAIT = """
import sys
from digitlab.evaluation.jobs import start_job
from digitlab.model_store.store import get_model
print(start_job(get_model(sys.argv[1]), "robustness").inspect().pid, flush=True)
sys.stdin.readline()
"""


def test_a_job_of_another_app_process_is_alive_and_not_started_twice(model):
    """Of two app processes that start it at once, one does; both see the same process."""
    job = start_job(model, "robustness")
    stop_job(job)
    follow(job)
    apps = [
        subprocess.Popen(
            [sys.executable, "-c", START_AND_WAIT, model.id],
            cwd=PROJECT_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    pids = {int(app.stdout.readline()) for app in apps}
    assert len(pids) == 1
    # This process started the earlier one; it sees the new one all the same.
    assert job.inspect().state in ("starting", "running")
    assert job.inspect().pid in pids
    stop_job(job)
    assert follow(job).state == "stopped"
    for app in apps:
        app.communicate("\n", timeout=60)


def test_only_the_owner_stops_an_analysis(model):
    job = start_job(model, "robustness", owner="alice")
    with pytest.raises(OwnerError, match="belongs to another user"):
        stop_job(job, owner="bob")
    stop_job(job, owner="alice")
    follow(job)


def test_an_analysis_with_a_damaged_status_can_be_started_again(model):
    job = AnalysisJob(get_results_dir(model) / "robustness")
    job.directory.mkdir(parents=True)
    (job.directory / "status.json").write_text("[]")
    again = start_job(model, "robustness")
    assert again.inspect().state in ("starting", "running")
    stop_job(again)
    follow(again)
