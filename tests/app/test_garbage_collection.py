"""After a run of a page, a full collection finds little to look at."""

import json

from tests.app.fresh_process import run_program
from tests.app.test_pages import PAGES

PROGRAM = f"""
import gc, json
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("main.py", default_timeout=30).run()
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
    output, _ = run_program(PROGRAM, timeout_s=120)
    for page, n_collected, n_frozen in json.loads(output.splitlines()[-1]):
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
    run_program(program)
