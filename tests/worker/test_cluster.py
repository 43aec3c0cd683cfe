"""Searches on many machines: a real Ray cluster of two local nodes, and a real PostgreSQL."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from digitlab.runs.health import inspect_run
from digitlab.runs.run import get_run
from digitlab.training.config import TrainConfig
from digitlab.tuning.search_space import parse_range
from digitlab.tuning.study import COMPLETE, count_finished, create_study, resume_study
from digitlab.tuning.study_config import StudyConfig
from tests.conftest import PROJECT_DIR
from tests.worker.workers import wait_until

pytestmark = pytest.mark.integration
LIMIT_S = 300


def build_config(**changes):
    base = TrainConfig(net="logistic_regression", epochs=6, training_fraction=0.5, batch_size=8)
    space = (parse_range("learning_rate=1e-4:1e-1:log"),)
    return StudyConfig(base=base.to_json(), space=space, **changes)


def find_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def end_with_children(process):
    """As if the machine died."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [process, *process.children(recursive=True)]
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(family, 10)


@pytest.fixture
def ray_cluster():
    """The address, and the node processes: the head, and one that can be killed."""
    pytest.importorskip("ray", reason="requirements-cluster.txt is not installed")
    port, nodes = find_free_port(), []
    address = f"127.0.0.1:{port}"
    # Ray's sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:
        starts = (
            ["--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={folder}"],
            [f"--address={address}"],
        )
        try:
            for options in starts:
                command = [str(Path(sys.executable).with_name("ray")), "start", "--block",
                           "--num-cpus=1", "--object-store-memory=100000000", *options]  # fmt: skip
                node = subprocess.Popen(
                    command, cwd=PROJECT_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
                )
                nodes.append(psutil.Process(node.pid))
                wait_until(lambda node=nodes[-1]: find_raylet(node) is not None)
            yield address, nodes
        finally:
            for node in reversed(nodes):
                end_with_children(node)


def find_raylet(node):
    for child in node.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if child.name() == "raylet":
                return child
    return None


def find_node(pid, nodes):
    """Which node trains in this process; None if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        ancestors = {each.pid for each in psutil.Process(pid).parents()}
        return next((k for k, node in enumerate(nodes) if node.pid in ancestors), None)
    return None


def test_a_ray_cluster_loses_a_node_but_no_trial(ray_cluster):
    address, nodes = ray_cluster
    study = create_study(
        build_config(n_trials=8, engine="ray", address=address, pruner="none"), name="ray"
    )
    seen = set()

    def look():
        for trial in study.read_trials():
            status = inspect_run(get_run(trial.run)) if trial.run else None
            if trial.state == "running" and status and status.state == "training":
                seen.add(find_node(status.pid, nodes))
        assert not study.inspect().is_final, study.inspect()
        return seen >= {0, 1} and count_finished(study.read_trials()) >= 2

    wait_until(look, LIMIT_S)
    end_with_children(nodes[1])
    wait_until(lambda: study.inspect().is_final, LIMIT_S)
    assert study.inspect().state == "done", study.inspect()
    trials = study.read_trials()
    assert [trial.state for trial in trials] == [COMPLETE] * 8
    assert all(len(get_run(trial.run).read_history()) == 6 for trial in trials)


@pytest.fixture
def postgresql():
    """The URL of a server of its own."""
    pytest.importorskip("psycopg", reason="requirements-cluster.txt is not installed")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    binaries = found[-1].parent
    # The server refuses to run as root.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    port = find_free_port()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        if prefix:
            shutil.chown(folder, "postgres")
        subprocess.run(
            [*prefix, binaries / "initdb", "-D", folder / "data", "-U", "digitlab", "-A", "trust"],
            check=True, capture_output=True, cwd="/",
        )  # fmt: skip
        server = subprocess.Popen(
            [*prefix, binaries / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder,
             "-c", "log_statement=all", "-c", "listen_addresses=127.0.0.1"],
            stdout=subprocess.DEVNULL, stderr=(folder / "log").open("wb"), cwd="/",
        )  # fmt: skip
        try:
            probe = [binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(port)]
            wait_until(
                lambda: subprocess.run(probe, capture_output=True, check=False).returncode == 0
            )
            yield f"postgresql://digitlab@127.0.0.1:{port}/postgres", folder / "log"
        finally:
            end_with_children(psutil.Process(server.pid))
    finally:
        shutil.rmtree(folder)


def test_postgresql_is_the_storage_of_a_study_that_is_killed_and_resumed(postgresql, monkeypatch):
    url, log = postgresql
    monkeypatch.setenv("DIGITLAB_STUDY_STORAGE", url)
    study = create_study(build_config(n_trials=3, pruner="none"), name="shared")
    wait_until(lambda: count_finished(study.read_trials()) >= 1, LIMIT_S)
    study.inspect().process.terminate(timeout_s=0)
    wait_until(lambda: study.inspect().is_final)
    resume_study(study)
    wait_until(lambda: study.inspect().is_final, LIMIT_S)
    assert study.inspect().state == "done", study.inspect()
    assert count_finished(study.read_trials()) == 3
    assert log.read_text(errors="replace").count("INSERT INTO trials ") >= 3
