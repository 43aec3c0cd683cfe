"""The pages' modules in a fresh process."""

from tests.app.fresh_process import run_program

PROGRAM = """
import sys, threading
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("main.py", default_timeout=30).run()
assert not app.exception, app.exception
[thread.join(30) for thread in threading.enumerate() if thread.name == "preload"]
names = {path.stem for path in __import__("pathlib").Path("pages").glob("*.py")}
missing = {f"digitlab.ui.{name}.page" for name in names} - set(sys.modules)
sys.exit(f"not imported: {missing}" if missing else 0)
"""


def test_the_first_page_imports_the_modules_of_all_pages():
    _, errors = run_program(PROGRAM)
    assert "Traceback" not in errors
