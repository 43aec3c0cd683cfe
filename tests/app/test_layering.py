"""`app.py`, `main.py` and `pages/` lie outside the package that import-linter checks."""

import ast
import sys

import pytest

from tests.conftest import PROJECT_DIR

SCRIPTS = [*sorted(PROJECT_DIR.glob("*.py")), *sorted((PROJECT_DIR / "pages").glob("*.py"))]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_import_only_streamlit_and_the_user_interface(path):
    modules = set(list_imports(path.read_text(encoding="utf-8")))
    assert modules
    own = modules - sys.stdlib_module_names
    assert all(name == "streamlit" or name.startswith("digitlab.ui.") for name in own)


def test_imports_of_all_kinds_are_found():
    source = "import a.b\ndef f():\n    from c.d import e\nfrom . import g\n"
    assert list(list_imports(source)) == ["a.b", ".", "c.d"]


def list_imports(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
