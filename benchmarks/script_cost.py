"""Measure what one drawing costs in the script, with the reading: without browser and network.

`python -m benchmarks.script_cost [TREE]`

Streamlit measures it: a server that gathers usage statistics sends the duration of each run of a
page or fragment to the browser. Here nothing passes them on.
"""

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.session import open_session
from digitlab.ink.samples import build_sample_drawing
from tests.browser.server import PROJECT_DIR, serve_app, use_empty_folders

DRAWINGS = 50
WARM_UP = 10


def main(tree: Path = PROJECT_DIR) -> None:
    """Print the median and the 95th percentile."""
    with (
        tempfile.TemporaryDirectory() as folder,
        use_empty_folders(Path(folder)),
        serve_app(
            Path(folder) / "server.log", tree=tree, options=["--browser.gatherUsageStats", "true"]
        ) as (url, _),
    ):
        times_ms = asyncio.run(_draw(url))
    print(
        f"\nscript cost of one drawing ({len(times_ms)}): median {statistics.median(times_ms):.1f} "
        f"ms, 95 % {np.percentile(times_ms, 95):.1f} ms"
    )


async def _draw(url: str) -> list[float]:
    async with open_session(url) as session:
        for number in range(WARM_UP + DRAWINGS):
            if number == WARM_UP:
                session.script_ms.clear()
            await session.draw_and_wait(build_sample_drawing(number % 10)["objects"])
        return session.script_ms


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if sys.argv[1:] else PROJECT_DIR)
