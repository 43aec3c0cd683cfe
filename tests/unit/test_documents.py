"""Commands and paths in the documentation exist."""

import re
import shlex

import pytest

from digitlab.cli.main import build_parser
from tests.conftest import PROJECT_DIR

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/reading-ink.md")
ROOTS = ("", "digitlab", "digitlab/ink", "digitlab/synthesis", "tests/unit")


def read_commands():
    text = (PROJECT_DIR / "README.md").read_text("utf-8")
    return re.findall(r"^python -m digitlab (.+?)(?:\s+#.*)?$", text, re.MULTILINE)


def test_the_readme_shows_every_command():
    shown = {command.split()[0] for command in read_commands()}
    assert shown >= {
        "classify",
        "models",
        "train",
        "runs",
        "stop",
        "resume",
        "save-model",
        "evaluate",
    }


@pytest.mark.parametrize("command", read_commands())
def test_commands_in_the_readme_are_valid(command):
    build_parser().parse_args(shlex.split(command))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_paths_in_documents_exist(name):
    text = (PROJECT_DIR / name).read_text("utf-8")
    paths = re.findall(r"`([a-z_/]+\.py)`|\]\(([\w/.-]+)\)", text)
    assert paths
    missing = [
        path
        for path in map("".join, paths)
        if not any((PROJECT_DIR / root / path).exists() for root in ROOTS)
    ]
    assert missing == []
