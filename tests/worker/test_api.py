"""The JSON API, called as a program calls it."""

import io
import json
import re
import shlex
import subprocess
import sys
import urllib.request

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from digitlab.api.app import build_api
from digitlab.cli.main import main
from digitlab.ink.samples import build_sample_drawing
from digitlab.model_store.store import save_model
from digitlab.owners import LOCAL_OWNER
from digitlab.runs.run import create_run, get_run
from digitlab.training.config import TrainConfig
from tests.app.runs import create_finished_run
from tests.browser.server import serve_app
from tests.conftest import PROJECT_DIR
from tests.worker.workers import wait_until

TOKEN = {"Authorization": "Bearer secret"}


@pytest.fixture
def client():
    return TestClient(build_api(), raise_server_exceptions=False)


@pytest.fixture
def picture():
    """A seven: a bar and a slanted stem."""
    pixels = np.full((90, 80), 255, np.uint8)
    pixels[20:28, 15:65] = 0
    for row in range(28, 75):
        pixels[row, 62 - row // 2 + 6 : 71 - row // 2 + 6] = 0
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def post(client, content, kind="image/png", **params):
    return client.post("/classify", content=content, headers={"content-type": kind}, params=params)


@pytest.mark.parametrize("many", [False, True])
def test_a_picture_is_read_as_by_the_command(client, picture, tmp_path, capsys, many):
    path = tmp_path / "seven.png"
    path.write_bytes(picture)
    options = ["--many"] if many else []
    assert main(["classify", str(path), "--json", *options]) == 0
    expected = json.loads(capsys.readouterr().out)
    answer = post(client, picture, many=int(many))
    assert answer.status_code == 200
    assert answer.json() == expected | {"file": "upload"}
    digits = answer.json()["digits"] if many else [answer.json()]
    assert [one["digit"] for one in digits] == [7]


def test_a_drawing_is_read(client):
    drawing = json.dumps(build_sample_drawing(4))
    kind = "application/json; charset=utf-8"
    assert post(client, drawing, kind).json()["digit"] == 4
    assert [d["digit"] for d in post(client, drawing, kind, many=1).json()["digits"]] == [4]


@pytest.mark.parametrize(
    ("content", "kind", "params", "code", "sentence"),
    [
        (b"", "image/png", {}, 400, "The body is empty"),
        (b"x", "text/plain", {}, 415, "The body's type is text/plain. Send a picture as"),
        (b"x", "image/png", {}, 422, "not a picture in a supported format"),
        (b"{", "application/json", {}, 422, "The file is not JSON"),
        (b'{"objects": []}', "application/json", {}, 422, "The drawing is empty"),
        (bytes(10_000_001), "image/png", {}, 413, "more than 10 MB"),
        (b"x", "image/png", {"model": "none"}, 404, "There is no model 'none' that reads digits"),
        (b"x", "image/png", {"many": "often"}, 422, "query.many"),
    ],
)
def test_bad_input_is_one_sentence(client, content, kind, params, code, sentence):
    answer = post(client, content, kind, **params)
    assert answer.status_code == code
    assert sentence.casefold() in answer.json()["error"].casefold()


def test_only_published_models_are_listed_and_used(client, picture):
    hers = save_model(create_finished_run(owner="ada"), label="Hers", owner="ada")
    mine = save_model(create_finished_run(), label="Mine", owner=LOCAL_OWNER)
    cards = client.get("/models").json()
    ids = [card["id"] for card in cards]
    assert mine.id in ids and hers.id not in ids and ids[0] == "digitlab_cnn"
    assert not any("owner" in card for card in cards)
    assert post(client, picture, model=mine.id).json()["digit"] == 7
    assert post(client, picture, model=hers.id).status_code == 404


def test_a_training_is_started_with_the_token_and_followed(client, monkeypatch):
    monkeypatch.setenv("DIGITLAB_TRAINER", "tests.stub_trainer")
    settings = {"epochs": 1, "batch_size": 64}
    assert client.post("/runs", json=settings, headers=TOKEN).status_code == 403
    monkeypatch.setenv("DIGITLAB_API_TOKEN", "secret")
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer sécret"}):
        encoded = {name: value.encode() for name, value in headers.items()}
        assert client.post("/runs", json=settings, headers=encoded).status_code == 401
    refused = client.post("/runs", json={"epochs": 0}, headers=TOKEN)
    assert (refused.status_code, "epochs is 0" in refused.json()["error"]) == (422, True)
    started = client.post("/runs", json=settings, headers=TOKEN)
    assert started.status_code == 201
    address = f"/runs/{started.json()['id']}"
    wait_until(lambda: client.get(address).json()["state"] == "done")
    run = client.get(address).json()
    assert len(run["history"]) == 1 and "owner" not in run
    assert get_run(run["id"]).read_config() == TrainConfig(**settings)


def test_metrics_for_a_monitoring_system(client, picture):
    before = read_metrics(client)
    post(client, picture)
    after = read_metrics(client)
    assert after["digitlab_images_read_total"] == before["digitlab_images_read_total"] + 1
    assert after["digitlab_trainings"] == after["digitlab_sessions"] == 0
    assert after["digitlab_free_disk_bytes"] > 1e6 < after["process_resident_memory_bytes"]


def read_metrics(client):
    lines = client.get("/metrics").text.splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return {name: float(value) for name, value in rows}


def test_unknown_addresses_and_damaged_runs(client):
    assert client.get("/runs/none").json() == {"error": "There is no run none."}
    assert client.get("/nothing").status_code == 404
    assert client.get("/nothing").json() == {"error": "Not Found"}
    run = create_run(TrainConfig())
    (run.directory / "status.json").write_text("{")
    assert client.get(f"/runs/{run.id}").status_code == 422
    assert client.get("/health").json()["status"] == "ok"


def test_the_examples_of_the_readme_work(tmp_path, picture):
    """On a real server, whose pages and API are one."""
    (tmp_path / "seven.png").write_bytes(picture)
    [curl] = re.findall(r"^curl .*", (PROJECT_DIR / "README.md").read_text("utf-8"), re.MULTILINE)
    with serve_app(tmp_path / "server.log") as (url, _):
        local = shlex.split(curl.replace("http://localhost:8501", url))
        example = [sys.executable, str(PROJECT_DIR / "examples" / "api.py"), "seven.png", url]
        printed = [
            subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
            for command in ([*local, "--silent"], example)
        ]
        headers = urllib.request.urlopen(f"{url}/api/v1/health").headers
    assert json.loads(printed[0])["digit"] == 7
    assert printed[1].startswith("7 ")
    assert headers["x-content-type-options"] == "nosniff"


def test_requests_are_limited(monkeypatch):
    monkeypatch.setenv("DIGITLAB_API_REQUESTS_PER_MINUTE", "3")
    client = TestClient(build_api())
    assert [client.get("/health").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert client.get("/health").headers["retry-after"] == "60"
