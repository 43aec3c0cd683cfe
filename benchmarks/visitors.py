"""Measure how fast the app answers many visitors who draw at the same time.

`python -m benchmarks.visitors [TREE] [--visitors 1 10 25] [--seconds 40] [--live] [--training]`

Each visitor is a session that sends what a browser sends, and finishes a stroke every two
seconds, or later if the last one has not been answered yet. Without `--live` only the canvas
reports it. With `--live` the pen also reports what has been drawn while it is down: the next time
only when the last was answered, and not at all for a while if answers are slow. Once the answer is
there, the visitor clears the canvas. Memory is that of the app's process alone, without what it
shares with others. A stroke without an answer ends the command with an error.
"""

import argparse
import asyncio
import contextlib
import functools
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from benchmarks.session import Session, open_session
from digitlab.ink.samples import SAMPLE_POINTS, Points, build_drawing
from digitlab.runs.control import start_new_run, stop_run
from digitlab.runs.health import inspect_run
from digitlab.training.config import TrainConfig
from tests.browser.server import PROJECT_DIR, serve_app, use_empty_folders

PERIOD_S = 2.0
# How long the pen is down for a stroke; its messages; the canvas's, after the pen.
STROKE_S, PEN_INTERVAL_S, CANVAS_DELAY_S = 0.9, 0.12, 0.2
# As in `pen.js`.
ROUND_TRIPS, SLOW_S, REST_S = 2, 0.3, 20.0
# The digits that are drawn in one stroke.
STROKES = {digit: strokes[0] for digit, strokes in SAMPLE_POINTS.items() if len(strokes) == 1}
DIGITS = list(STROKES)


@dataclass
class Times:
    """What the visitors saw.

    Attributes:
        final_ms: from each finished stroke to its answer.
        n_live: answers while the pen was down.
    """

    final_ms: list[float] = field(default_factory=list)
    n_live: int = 0


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visitors")
    parser.add_argument("tree", type=Path, nargs="?", default=PROJECT_DIR, help="a checkout")
    parser.add_argument("--visitors", type=int, nargs="+", default=[25])
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--live", action="store_true", help="the pen reports while it is down")
    parser.add_argument("--training", action="store_true", help="beside a training")
    parser.add_argument("--cpus", type=float, help="cores of the app, by a cgroup; needs root")
    options = parser.parse_args(arguments)
    pen = ", with the live pen" if options.live else ""
    beside = ", beside a training" if options.training else ""
    cpus = f", the app on {options.cpus:g} cores" if options.cpus else ""
    print(f"\nvisitors who finish a stroke every {PERIOD_S:g} s{pen}{beside}{cpus}")
    print(f"{'visitors':>8} {'strokes':>8} {'median':>9} {'95 %':>9} {'worst':>9} {'memory':>9}")
    for n_visitors in options.visitors:
        _print_row(options, n_visitors)


def _print_row(options: argparse.Namespace, n_visitors: int) -> None:
    n_strokes = round(options.seconds / PERIOD_S)
    with (
        tempfile.TemporaryDirectory() as folder,
        use_empty_folders(Path(folder)),
        serve_app(Path(folder) / "server.log", tree=options.tree) as (url, process),
        _limit_cpu(process.pid, options.cpus) if options.cpus else contextlib.nullcontext(),
        _train() if options.training else contextlib.nullcontext(),
    ):
        times = asyncio.run(measure(url, n_visitors, n_strokes, is_live=options.live))
        memory_mb = psutil.Process(process.pid).memory_full_info().uss / 1e6
    median, high = np.percentile(times.final_ms, [50, 95])
    print(
        f"{n_visitors:8} {len(times.final_ms):8} {median:6.0f} ms {high:6.0f} ms "
        f"{max(times.final_ms):6.0f} ms {memory_mb:6.0f} MB",
        end="",
    )
    if options.live:
        per_second = times.n_live / (len(times.final_ms) * STROKE_S)
        print(f"; answers a second while a pen is down: {per_second:.1f}", end="")
    print(flush=True)


@contextlib.contextmanager
def _limit_cpu(pid: int, cpus: float) -> Iterator[None]:
    """Give a process so many cores, as a host does: a share of each tenth of a second."""
    period_us = 100_000
    quota_us = round(cpus * period_us)
    root = Path("/sys/fs/cgroup")
    is_first_version = (root / "cpu").is_dir()
    group = root / ("cpu" if is_first_version else ".") / "digitlab-benchmark"
    group.mkdir()
    try:
        if is_first_version:
            (group / "cpu.cfs_period_us").write_text(str(period_us))
            (group / "cpu.cfs_quota_us").write_text(str(quota_us))
        else:
            (group / "cpu.max").write_text(f"{quota_us} {period_us}")
        (group / "cgroup.procs").write_text(str(pid))
        yield
    finally:
        (group.parent / "cgroup.procs").write_text(str(pid))
        group.rmdir()


@contextlib.contextmanager
def _train() -> Iterator[None]:
    """Train longer than the block takes."""
    run = start_new_run(TrainConfig(epochs=500))
    while inspect_run(run).state != "training":
        time.sleep(0.2)
    try:
        yield
    finally:
        if inspect_run(run).is_final:
            raise RuntimeError(f"the training ended: {inspect_run(run).message}")
        stop_run(run, force=True)
        while not inspect_run(run).is_final:
            time.sleep(0.2)


async def measure(url: str, n_visitors: int, n_strokes: int, *, is_live: bool) -> Times:
    """Let visitors draw at a running app.

    Args:
        n_strokes: of each visitor, one every `PERIOD_S` seconds.
        is_live: whether the pen reports while it is down.
    """
    draw = _draw_with_live_pen if is_live else _draw
    times = Times()
    async with contextlib.AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(open_session(url)) for _ in range(n_visitors)]
        for session in sessions:
            await session.draw_and_wait(_build_stroke(STROKES[DIGITS[-1]]))
            if is_live:
                await session.clear()
        begin_s = time.perf_counter()
        # Their strokes are spread over the period.
        await asyncio.gather(
            *(
                draw(session, n_strokes, begin_s + number * PERIOD_S / n_visitors, times)
                for number, session in enumerate(sessions)
            )
        )
    return times


async def _draw(session: Session, n_strokes: int, begin_s: float, times: Times) -> None:
    for stroke in range(n_strokes):
        await _sleep_until(begin_s + stroke * PERIOD_S)
        digit = DIGITS[stroke % len(DIGITS)]
        session.answers.clear()
        sent_s = time.perf_counter()
        await session.draw(_build_stroke(STROKES[digit]))
        await session.wait_until(functools.partial(session.has_shown, digit))
        times.final_ms.append(1000 * (session.answers[-1].shown_s - sent_s))


async def _draw_with_live_pen(
    session: Session, n_strokes: int, begin_s: float, times: Times
) -> None:
    pen = _Pen()
    for stroke in range(n_strokes):
        await _sleep_until(begin_s + stroke * PERIOD_S)
        line = STROKES[DIGITS[stroke % len(DIGITS)]]
        session.answers.clear()
        is_silent = time.perf_counter() < pen.rest_until_s
        if is_silent:
            await asyncio.sleep(STROKE_S)
        else:
            await _hold_pen_down(session, line, pen)
        times.n_live += len(session.answers)
        up_s = time.perf_counter()
        pen_id = 0 if is_silent else await session.move_pen(_interpolate(line, 1), is_down=False)
        await _sleep_until(up_s + CANVAS_DELAY_S)
        await session.draw(_build_stroke(line))
        await session.wait_until(functools.partial(session.has_answered, pen_id))
        final = next(answer for answer in session.answers if answer.pen_id >= pen_id)
        times.final_ms.append(1000 * (final.shown_s - up_s))
        if not is_silent:
            pen.note(final.shown_s - up_s)
        await session.clear()


@dataclass
class _Pen:
    """As in `pen.js`: after a slow answer it is silent for a while."""

    rest_until_s: float = 0.0

    def note(self, round_trip_s: float) -> None:
        if round_trip_s > SLOW_S:
            self.rest_until_s = time.perf_counter() + np.random.uniform(0.5, 1.5) * REST_S


async def _hold_pen_down(session: Session, line: Points, pen: _Pen) -> None:
    """As `pen.js` does: the next message follows when the last was answered, after a pause."""
    begin_s = time.perf_counter()
    up_s = begin_s + STROKE_S
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STROKE_S):
            while (sent_s := time.perf_counter()) < up_s:
                points = _interpolate(line, (sent_s - begin_s) / STROKE_S)
                pen_id = await session.move_pen(points, is_down=True)
                await session.wait_until(functools.partial(session.has_answered, pen_id))
                round_trip_s = time.perf_counter() - sent_s
                pen.note(round_trip_s)
                await _sleep_until(sent_s + max(PEN_INTERVAL_S, ROUND_TRIPS * round_trip_s))


def _interpolate(line: Points, fraction: float) -> list[float]:
    """The points of the first part of a line; alternating x and y, as a mouse reports them."""
    corners = np.array(line, float)
    steps = np.linspace(0, fraction * (len(corners) - 1), max(2, round(40 * fraction)))
    numbers = np.arange(len(corners))
    return [
        round(float(number))
        for x, y in zip(*(np.interp(steps, numbers, column) for column in corners.T), strict=True)
        for number in (x, y)
    ]


def _build_stroke(line: Points) -> list[dict[str, object]]:
    strokes: list[dict[str, object]] = build_drawing([line])["objects"]
    return strokes


async def _sleep_until(moment_s: float) -> None:
    await asyncio.sleep(max(0, moment_s - time.perf_counter()))


if __name__ == "__main__":
    main()
