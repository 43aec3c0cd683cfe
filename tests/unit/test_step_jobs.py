"""What a job's status is before its process has written one."""

import pytest

from digitlab.step_jobs import StepJob


@pytest.fixture
def job(tmp_path):
    (tmp_path / "job").mkdir()
    return StepJob(tmp_path / "job")


def test_a_job_that_is_being_started_is_not_dead(job):
    with job.get_lock():
        assert job.inspect().state == "starting"
    # Its starter is gone and wrote no status.
    assert job.inspect().state == "failed"
    assert job.inspect().message == StepJob.death_message
