"""How much code one has to read to follow the app: `python -m benchmarks.code_paths [TREE]`.

It counts the files of the project whose functions run, in every process, for

- one drawing, from the canvas to its answer on the open Draw page;
- one Start, from the click to the first point of the curve on the Train page.

Code that runs only while a module is imported is not counted. A change of folder is a file that
is first called right after a file of another folder. The script knows pages, buttons and files
of a run, but no module, so that it counts any TREE (a checkout) in the same way.
"""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

# Python imports this module at the start of each process; see `_measure`.
_SITECUSTOMIZE = '''
"""Append the first call of each file of the project to a log, from all threads."""

import os
import sys
import threading
import time

ROOT = os.environ["CODE_PATHS_ROOT"] + os.sep
PACKAGE = ROOT + "digitlab" + os.sep
SCRIPTS = (ROOT + "app.py", ROOT + "pages" + os.sep)
IS_FUNCTION = 2  # CO_NEWLOCALS: module and class bodies lack it
seen = set()
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
    if path in seen or not path.startswith((PACKAGE, *SCRIPTS)):
        return
    is_script = path.startswith(SCRIPTS)
    if is_script or (frame.f_code.co_flags & IS_FUNCTION and not is_import(frame)):
        seen.add(path)
        line = f"{time.time():.6f} {os.getpid()} {path[len(ROOT):]}\\n"
        os.write(log, line.encode())


threading.setprofile(record)
sys.setprofile(record)
'''
_SEVEN: dict[str, Any] = {
    "objects": [
        {
            "type": "Path",
            "path": [["M", 80, 62], ["L", 198, 58], ["L", 130, 230]],
            "strokeWidth": 16,
        }
    ]
}
_TIMEOUT_S = 300
_POLL_S = 0.2
_MAX_RERUNS = 10


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
    """Run one of the two paths in a new process; the files in the order of their first calls."""
    with tempfile.TemporaryDirectory() as folder:
        hook = Path(folder, "hook")
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(_SITECUSTOMIZE, encoding="utf-8")
        log, span = Path(folder, "log"), Path(folder, "span.json")
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join([str(hook), str(tree)]),
            "CODE_PATHS_ROOT": str(tree),
            "CODE_PATHS_LOG": str(log),
            "DIGITLAB_RUNS": str(Path(folder, "runs")),
        }
        subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), "--drive", path, str(span)],
            cwd=tree, env=environment, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        begin, end, driver = json.loads(span.read_text("utf-8"))
        calls = [line.split(maxsplit=2) for line in log.read_text("utf-8").splitlines()]
    files: dict[str, None] = {}
    for seconds, process, name in sorted(calls, key=lambda call: float(call[0])):
        # A worker that was started in advance belongs to the path from its beginning.
        if float(seconds) <= end and (int(process) != driver or float(seconds) >= begin):
            files.setdefault(name)
    return list(files)


def _drive(path: str, span: Path) -> None:
    """Drive the app in this process and write when the path began and ended."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(Path.cwd() / "app.py"), default_timeout=_TIMEOUT_S)
    app.run()
    if path == "start":
        app.switch_page("pages/train.py")
    # The page is open, and what it keeps for all reruns is loaded.
    app.run()
    _replace_canvas(_SEVEN)
    blank = _list_html(app)
    begin = _forget_calls()
    if path == "draw":
        app.run()
        assert not app.exception, app.exception
        assert _list_html(app) != blank, "The page shows no answer."
    else:
        next(button for button in app.button if button.label.startswith("Start")).click()
        app.run()
        _wait_for_first_point(app)
    end = time.time()
    span.write_text(json.dumps([begin, end, os.getpid()]), "utf-8")


def _replace_canvas(drawing: dict[str, Any]) -> None:
    """Let `drawing` be what is on every canvas; the component itself needs a browser."""
    component = sys.modules["streamlit_drawable_canvas"].st_canvas

    def show_canvas(**_: object) -> SimpleNamespace:
        return SimpleNamespace(json_data=drawing)

    for module in list(sys.modules.values()):
        if getattr(module, "st_canvas", None) is component:
            module.st_canvas = show_canvas  # type: ignore[attr-defined]


def _list_html(app: Any) -> list[str]:
    return [str(element.proto) for element in app.get("html")]


def _forget_calls() -> float:
    sys.modules["sitecustomize"].seen.clear()
    return time.time()


def _wait_for_first_point(app: Any) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        _rerun(app)
        assert not app.exception, app.exception
        tables = Path(os.environ["DIGITLAB_RUNS"]).glob("*/batches.csv")
        if any(len(table.read_text("utf-8").splitlines()) > 1 for table in tables):
            _rerun(app)
            return
        time.sleep(_POLL_S)
    raise TimeoutError("The run wrote no point of its curve.")


def _rerun(app: Any) -> None:
    """Rerun the page although the label of the selected run has changed with its state.

    AppTest looks up the label among those of the last rerun.
    """
    for _ in range(_MAX_RERUNS):
        for box in app.selectbox:
            if box.value is not None:
                box.options.append(str(box.format_func(box.value)))
        try:
            app.run()
        except ValueError:
            continue
        return
    raise TimeoutError("The label of the selected run keeps changing.")


def _end_children() -> None:
    import psutil

    children = psutil.Process().children(recursive=True)
    for child in children:
        child.terminate()
    psutil.wait_procs(children, timeout=10)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--drive"]:
        try:
            _drive(sys.argv[2], Path(sys.argv[3]))
        finally:
            _end_children()
    else:
        main(Path(sys.argv[1]).resolve() if sys.argv[1:] else Path.cwd())
