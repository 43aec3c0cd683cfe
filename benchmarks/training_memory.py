"""How much memory a training takes beside the app, as on a host of 1 GB.

`python -m benchmarks.training_memory`. The recipe "lightning" is trained while a browser session is
open. Anonymous memory, from `/proc/PID/smaps_rollup`, is what the kernel cannot drop: TensorFlow's
libraries are pages of files, which it can. MNIST comes from `DIGITLAB_DATA`. Linux only.
"""

import asyncio
import contextlib
import os
import tempfile
import time
from pathlib import Path

from benchmarks.session import open_session
from digitlab.runs.control import start_new_run
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run
from digitlab.training.recipes import RECIPES
from tests.browser.server import serve_app, use_empty_folders

_INTERVAL_S = 0.1


def main() -> None:
    """Print the peaks."""
    data_dir = os.environ.get("DIGITLAB_DATA")
    with tempfile.TemporaryDirectory() as folder, use_empty_folders(Path(folder)):
        if data_dir is not None:
            os.environ["DIGITLAB_DATA"] = data_dir
        with serve_app(Path(folder) / "server.log") as (url, process):
            asyncio.run(_measure(url, process.pid))


async def _measure(url: str, app_pid: int) -> None:
    async with open_session(url, "train"):
        alone_mb = _measure_anonymous_mb(app_pid)
        run = start_new_run(RECIPES["lightning"].config)
        app_mb, worker_mb, both_mb = await asyncio.to_thread(_watch, run, app_pid)
    status = inspect_run(run)
    if status.state != "done":
        raise SystemExit(status.message)
    print("\nanonymous memory, the largest of a whole run of lightning")
    print(f"app before the run {alone_mb:.0f} MB, during the run {app_mb:.0f} MB")
    print(f"worker {worker_mb:.0f} MB, both at the same time {both_mb:.0f} MB")
    print(f"test accuracy {status.metrics['test_accuracy']:.4f}")


def _watch(run: Run, app_pid: int) -> tuple[float, float, float]:
    peaks = [0.0, 0.0, 0.0]
    while not (status := inspect_run(run)).is_final:
        app_mb, worker_mb = _measure_anonymous_mb(app_pid), 0.0
        # Between two runs, there may be no worker.
        with contextlib.suppress(OSError):
            worker_mb = _measure_anonymous_mb(status.pid) if status.pid else 0.0
        now = (app_mb, worker_mb, app_mb + worker_mb)
        peaks = [max(pair) for pair in zip(peaks, now, strict=True)]
        time.sleep(_INTERVAL_S)
    return peaks[0], peaks[1], peaks[2]


def _measure_anonymous_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1000


if __name__ == "__main__":
    main()
