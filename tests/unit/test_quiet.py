"""In a process of its own: pytest keeps the file descriptors for itself."""

import subprocess
import sys

from tests.conftest import PROJECT_DIR

PROGRAM = """
import os
from concurrent.futures import ThreadPoolExecutor
from digitlab.processes import STDERR, silence

def whisper(k):
    with silence(STDERR):
        os.write(2, b"hidden")

with ThreadPoolExecutor(8) as pool:
    list(pool.map(whisper, range(500)))
os.write(2, b"heard")
"""


def test_many_threads_leave_standard_error_as_it_was():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=PROJECT_DIR, capture_output=True, check=True
    )
    assert done.stderr == b"heard"
