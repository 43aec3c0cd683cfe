"""How much code one has to read to follow the app: `python -m benchmarks.code_paths [TREE]`.

It counts the files of the project whose functions run, in every process, for

- one drawing, from the message of the canvas to its answer on the open Draw page;
- one Start, from the click to the first point of the curve on the Train page.

The app runs in its server, and a session drives it as a browser does: a message reruns only the
fragment that its widget is in. Code that runs only while a module is imported is not counted. A
change of folder is a file that is first called right after a file of another folder. The script
knows pages, buttons and files of a run, but no module, so that it counts any TREE (a checkout)
in the same way.
"""

import asyncio
import os
import sys
import tempfile
import textwrap
import time
from itertools import pairwise
from pathlib import Path

import psutil

from benchmarks.session import Session, open_session
from digitlab.ink.samples import build_sample_drawing
from tests.browser.server import serve_app, use_empty_folders

# Python imports this module at the start of each process; see `_measure`.
_SITECUSTOMIZE = '''
"""Log each call into another file of the project than the thread's last one."""

import os
import sys
import threading
import time

ROOT = os.environ["CODE_PATHS_ROOT"] + os.sep
PACKAGE = ROOT + "digitlab" + os.sep
SCRIPTS = (ROOT + "app.py", ROOT + "main.py", ROOT + "pages" + os.sep)
IS_FUNCTION = 2  # CO_NEWLOCALS: module and class bodies lack it
last_path = {}
log = os.open(os.environ["CODE_PATHS_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def is_import(frame):
    while frame is not None:
        code = frame.f_code
        if code.co_name == "<module>" and code.co_filename.startswith(PACKAGE):
            if frame.f_globals.get("__name__") != "__main__":
                return True
        frame = frame.f_back
    return False


def record(frame, event, argument):
    if event != "call":
        return
    path = frame.f_code.co_filename
    if not path.startswith((PACKAGE, *SCRIPTS)) or last_path.get(threading.get_ident()) == path:
        return
    is_script = path.startswith(SCRIPTS)
    if is_script or (frame.f_code.co_flags & IS_FUNCTION and not is_import(frame)):
        last_path[threading.get_ident()] = path
        line = f"{time.time():.6f} {os.getpid()} {path[len(ROOT):]}\\n"
        os.write(log, line.encode())


threading.setprofile(record)
sys.setprofile(record)
'''
_DIGIT = 7
_TIMEOUT_S = 300
_POLL_S = 0.2


def main(tree: Path) -> None:
    """Print both lists and their counts."""
    for title, path in (
        ("One drawing to its answer", "draw"),
        ("One Start to the first point of the curve", "start"),
    ):
        files = _measure(tree, path)
        n_modules = sum(name.startswith("digitlab" + os.sep) for name in files)
        folders = [str(Path(name).parent) for name in files]
        n_changes = sum(before != after for before, after in pairwise(folders))
        print(
            f"\n{title}: {len(files)} files ({n_modules} modules of digitlab), "
            f"{n_changes} changes of folder"
        )
        print(textwrap.fill(", ".join(files), 98, initial_indent="  ", subsequent_indent="  "))


def _measure(tree: Path, path: str) -> list[str]:
    """Drive one of the two paths in a new server; the files in the order of their first calls."""
    with tempfile.TemporaryDirectory() as name, use_empty_folders(Path(name)):
        folder = Path(name)
        hook = folder / "hook"
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(_SITECUSTOMIZE, encoding="utf-8")
        log = folder / "log"
        os.environ |= {
            "PYTHONPATH": os.pathsep.join([str(hook), str(tree)]),
            "CODE_PATHS_ROOT": str(tree),
            "CODE_PATHS_LOG": str(log),
        }
        with serve_app(folder / "server.log", tree=tree) as (url, server):
            try:
                begin, end = asyncio.run(_drive(url, path))
            finally:
                _end_children(server.pid)
        calls = [line.split(maxsplit=2) for line in log.read_text("utf-8").splitlines()]
    files: dict[str, None] = {}
    for seconds, process, file in sorted(calls, key=lambda call: float(call[0])):
        # A worker that was started in advance belongs to the path from its beginning.
        if float(seconds) <= end and (int(process) != server.pid or float(seconds) >= begin):
            files.setdefault(file)
    return list(files)


async def _drive(url: str, path: str) -> tuple[float, float]:
    """Follow one of the two paths on its open page; when it began and ended."""
    async with open_session(url, "train" if path == "start" else "") as session:
        # What the page keeps for all reruns is loaded.
        await session.rerun_page()
        begin = time.time()
        if path == "start":
            await _start(session)
        else:
            await session.draw_and_wait(build_sample_drawing(_DIGIT)["objects"])
        return begin, time.time()


async def _start(session: Session) -> None:
    """Click Start and keep the page's timers going until a curve has its first point."""
    await session.click("Start")
    async with asyncio.timeout(_TIMEOUT_S):
        has_point = False
        while not has_point:
            await asyncio.sleep(_POLL_S)
            tables = Path(os.environ["DIGITLAB_RUNS"]).glob("*/batches.csv")
            has_point = any(len(table.read_text("utf-8").splitlines()) > 1 for table in tables)
            # Last of all the page shows the point.
            await session.run_timers()


def _end_children(process_id: int) -> None:
    children = psutil.Process(process_id).children(recursive=True)
    for child in children:
        child.terminate()
    psutil.wait_procs(children, timeout=10)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if sys.argv[1:] else Path.cwd())
