"""Programs that need a process without the modules and objects of the tests."""

import subprocess
import sys

from tests.conftest import PROJECT_DIR


def run_program(program, *, timeout_s=60):
    """Run a Python program in the project's folder; it must succeed.

    Returns:
        Its output and its error output.
    """
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_DIR, capture_output=True, text=True, check=False, timeout=timeout_s,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr
