"""The app as a real server process."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parents[2]
# Options of an app that others can reach.
HOSTED = ("--server.address", "0.0.0.0")
_START_LIMIT_S = 60


@contextlib.contextmanager
def serve_app(
    log: Path, *, tree: Path = PROJECT_DIR, options: Sequence[str] = ()
) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Start the app on a free port; yields its URL and process, and ends it.

    Args:
        tree: the checkout whose app it is.
        options: further options of `streamlit run`.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    command += ["--server.fileWatcherType", "none", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=tree, stdout=output, stderr=subprocess.STDOUT, env=os.environ
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, process, log)
        yield url, process
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def use_empty_folders(folder: Path) -> Iterator[None]:
    """Use empty folders instead of the user's, offline: runs train on the sample of MNIST."""
    names = ("CACHE", "DATA", "DATASETS", "MODELS", "RUNS", "STUDIES")
    variables = {f"DIGITLAB_{name}": str(folder / name.lower()) for name in names}
    variables |= {"KERAS_HOME": str(folder / "keras"), "NO_PROXY": "127.0.0.1,localhost"}
    # Nothing listens on the discard port.
    variables |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _wait_until_healthy(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended: {log.read_text()}")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()
            return
        time.sleep(0.02)
    raise RuntimeError(f"the server did not start: {log.read_text()}")
