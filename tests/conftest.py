"""Fixtures of all tests: empty folders, no network, the shared data, a small disk."""

import contextlib
import errno
import gzip
import json
import subprocess
from pathlib import Path

import psutil
import pytest

PROJECT_DIR = Path(__file__).resolve().parents[1]
# In requirements.txt, not in requirements-app.txt: not installed yet when the app first opens.
TRAINING_PACKAGES = (
    "tensorflow", "keras", "sklearn", "scipy", "pooch", "rich", "mlxtend", "optuna",
)  # fmt: skip
SHARED_DATA_DIR = PROJECT_DIR.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def isolated_folders(tmp_path, monkeypatch):
    """Give every test empty folders instead of the user's data, runs and models."""
    for name in ("DATA", "CACHE", "DATASETS", "RUNS", "MODELS", "STUDIES"):
        monkeypatch.setenv(f"DIGITLAB_{name}", str(tmp_path / name.lower()))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


@pytest.fixture(autouse=True)
def no_internet(monkeypatch):
    """Refuse all connections but local ones: tests have the same result on every machine."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        # Nothing listens on the discard port: the connection is refused at once.
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.lower(), "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture(scope="session")
def shared_data_dir() -> Path:
    if not (SHARED_DATA_DIR / "mnist.npz").is_file():
        pytest.skip("the shared data folder is not beside this checkout")
    return SHARED_DATA_DIR


@pytest.fixture(scope="session")
def pen_digits() -> list[dict]:
    """Real pen strokes: dictionaries with `label`, `writer` and `strokes`."""
    path = SHARED_DATA_DIR / "ink_digits.jsonl.gz"
    if not path.is_file():
        pytest.skip("the shared pen strokes are not beside this checkout")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


class FullDisk:
    """A disk of 4 MB that holds runs and queue."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        with self._filler.open("wb", buffering=0) as file:
            try:
                while True:
                    if file.write(b"x" * 4096) < 4096:
                        return
            except OSError as error:
                assert error.errno == errno.ENOSPC

    def free(self) -> None:
        self._filler.unlink()


@pytest.fixture
def full_disk(tmp_path, monkeypatch):
    """A small disk that can be filled; needs root on Linux."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small disk can only be mounted as root on Linux ({error})")
    monkeypatch.setenv("DIGITLAB_RUNS", str(folder / "runs"))
    monkeypatch.setenv("DIGITLAB_CACHE", str(folder / "cache"))
    yield FullDisk(folder)
    end_workers(folder / "cache")
    subprocess.run(["umount", str(folder)], check=True)


def end_workers(cache_dir: Path) -> None:
    """End the worker processes that use this cache folder."""
    for process in psutil.process_iter(["cmdline"]):
        with contextlib.suppress(psutil.Error):
            if "digitlab.worker" in (process.info["cmdline"] or ()) and process.environ().get(
                "DIGITLAB_CACHE"
            ) == str(cache_dir):
                process.terminate()
                process.wait(10)
