"""The pages' modules in a fresh process."""

import subprocess
import sys

from tests.conftest import PROJECT_DIR

PROGRAM = """
import sys, threading
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=30).run()
assert not app.exception, app.exception
[thread.join(30) for thread in threading.enumerate() if thread.name == "preload"]
names = {path.stem for path in __import__("pathlib").Path("pages").glob("*.py")}
missing = {f"digitlab.ui.{name}.page" for name in names} - set(sys.modules)
sys.exit(f"not imported: {missing}" if missing else 0)
"""


def test_the_first_page_imports_the_modules_of_all_pages():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
