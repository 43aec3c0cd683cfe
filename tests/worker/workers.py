"""What the tests of real worker processes share."""

import contextlib
import os
import subprocess
import sys
import time

import psutil

from digitlab.runs.checkpoints import find_checkpoint
from digitlab.runs.control import follow_run, start_run
from digitlab.runs.health import HeartbeatWriter, inspect_run
from digitlab.worker.main import import_trainer
from digitlab.worker.status_writer import StatusWriter
from tests.conftest import PROJECT_DIR

LIMIT_S = 120


def wait_until(condition, limit_s=LIMIT_S):
    """Return the first true value of the condition and how long it took."""
    begin = time.monotonic()
    while not (value := condition()):
        assert time.monotonic() - begin < limit_s, "waited too long"
        time.sleep(0.05)
    return value, time.monotonic() - begin


def wait_for_state(run, *states):
    """Wait until a run is in one of the states; its status."""

    def look():
        status = inspect_run(run)
        assert status.state in states or not status.is_final, status
        return status if status.state in states else None

    return wait_until(look)[0]


def wait_for_epochs(run, n):
    """Wait until so many epochs are saved."""
    wait_until(lambda: find_checkpoint(run) >= n or inspect_run(run).is_final)
    assert find_checkpoint(run) >= n, inspect_run(run)


def train(run):
    """Carry a run out; all its statuses."""
    start_run(run)
    return list(follow_run(run))


def train_here(run):
    """Carry a run out in this process, which has imported Keras already; its last status."""
    with HeartbeatWriter(run) as heartbeat:
        import_trainer().train(StatusWriter(run, heartbeat))
    return run.read_status()


def run_python(code, *arguments):
    """Another app process, as far as runs are concerned."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=PROJECT_DIR, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def find_workers():
    """The worker processes that serve this test's queue."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        with contextlib.suppress(psutil.Error):
            if (
                "digitlab.worker" in (process.info["cmdline"] or ())
                and process.status() != psutil.STATUS_ZOMBIE
                and process.environ().get("DIGITLAB_CACHE") == os.environ["DIGITLAB_CACHE"]
            ):
                found.append(process)
    return found
