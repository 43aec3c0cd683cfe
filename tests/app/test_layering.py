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


# Without a visitor's name they would act for the server's operator, who may change everything.
OWNED = {
    "create_run", "start_run", "resume_run", "test_run", "stop_run", "rename_run", "delete_run",
    "find_active_run", "save_model", "rename_model", "delete_model_and_exports", "start_job",
    "stop_job", "resume_study", "stop_study", "delete_study", "StudyConfig", "start_import",
    "start_model_import", "delete_user_dataset", "list_runs", "list_studies", "list_models",
    "list_user_datasets", "list_dataset_specs", "find_saved_model",
}  # fmt: skip


def test_the_pages_act_and_list_for_their_visitor():
    found = set()
    for path in (PROJECT_DIR / "digitlab" / "ui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in OWNED:
                found.add(node.func.id)
                named = {keyword.arg for keyword in node.keywords}
                assert named & {"owner", "viewer"}, f"{path.name}:{node.lineno} {node.func.id}"
    assert len(found) > 20
