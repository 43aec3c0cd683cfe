"""Reasons in messages: one line, without folders of the computer."""

import pytest

from digitlab.errors import describe_error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FileNotFoundError(2, "No such file or directory", "/srv/a/b.npz"),
         "no such file or directory"),
        (OSError("Unable to open file (name = '/srv/my app/x.h5', errno = 2)"),
         "Unable to open file (name = 'x.h5', errno = 2)"),
        (ValueError("cannot read /home/ada/runs/1/report.npz\nmore"), "cannot read report.npz"),
        (ValueError("see https://host/a/b and 3/4 of it"), "see https://host/a/b and 3/4 of it"),
        (RuntimeError(""), "RuntimeError"),
        (ValueError("x" * 500), "x" * 200),
    ],
)  # fmt: skip
def test_reasons_are_short_and_contain_no_folders(error, reason):
    assert describe_error(error) == reason
