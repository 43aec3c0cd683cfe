"""Runs in another process, because pytest captures the file descriptors."""

import subprocess
import sys

from tests.conftest import PROJECT_DIR

PROGRAM = """
import os
from concurrent.futures import ThreadPoolExecutor
from digitlab.processes import STDERR, silence

def write_silenced(k):
    with silence(STDERR):
        os.write(2, b"hidden")

with ThreadPoolExecutor(8) as pool:
    list(pool.map(write_silenced, range(500)))
os.write(2, b"visible")
"""


def test_standard_error_is_restored_after_many_threads():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=PROJECT_DIR, capture_output=True, check=True
    )
    assert done.stderr == b"visible"
