"""After a run of a page, a full collection finds little to look at."""

import json
import subprocess
import sys

from tests.app.test_pages import PAGES
from tests.conftest import PROJECT_DIR

PROGRAM = f"""
import gc, json
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=30).run()
counts = []
for page in {PAGES!r}:
    app.switch_page(page).run()
    assert not app.exception, app.exception
    gc.collect()
    counts.append((page, len(gc.get_objects()), gc.get_freeze_count()))
print(json.dumps(counts))
"""


def test_the_imports_of_every_page_are_left_out_of_garbage_collection():
    """In a fresh process: this one holds the objects of the tests too."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for page, n_collected, n_frozen in json.loads(done.stdout.splitlines()[-1]):
        assert n_collected < n_frozen / 5, page


def test_runs_without_new_imports_freeze_nothing():
    program = (
        "import gc\n"
        "from digitlab.ui.garbage_collection import freeze_imports\n"
        "freeze_imports()\n"
        "n_frozen = gc.get_freeze_count()\n"
        "kept = [[] for _ in range(1000)]\n"
        "freeze_imports()\n"
        "assert gc.get_freeze_count() <= n_frozen, gc.get_freeze_count() - n_frozen\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
