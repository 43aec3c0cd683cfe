"""Requests of all kinds to a real server, made from the API's own description."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.server import serve_app
from tests.conftest import end_workers

# A valid picture may show no digit: that is a 422.
CHECKS_LEFT_OUT = "positive_data_acceptance"


@pytest.mark.integration
def test_every_answer_is_as_described(monkeypatch, tmp_path):
    """No 5xx, and status codes, types and contents as in the OpenAPI document."""
    pytest.importorskip("schemathesis")
    monkeypatch.setenv("DIGITLAB_API_REQUESTS_PER_MINUTE", "1000000")
    monkeypatch.setenv("DIGITLAB_API_TOKEN", "secret")
    monkeypatch.setenv("DIGITLAB_TRAINER", "tests.stub_trainer")
    with serve_app(tmp_path / "server.log") as (url, _):
        command = Path(sys.executable).with_name("schemathesis")
        done = subprocess.run(
            [
                command, "run", f"{url}/api/v1/openapi.json", "--url", f"{url}/api/v1",
                "--max-examples", "50", "--generation-deterministic", "--no-color",
                "--exclude-checks", CHECKS_LEFT_OUT, "-H", "Authorization: Bearer secret",
            ],
            cwd=tmp_path, env=os.environ, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    end_workers(Path(os.environ["DIGITLAB_CACHE"]))
    assert done.returncode == 0, done.stdout[-5000:]
    assert "Tested: 6" in done.stdout, done.stdout[-5000:]
