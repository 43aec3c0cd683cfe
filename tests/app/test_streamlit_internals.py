"""The private parts of Streamlit that the pages use are still there and do what they did."""

import ast
from dataclasses import fields

import pytest
from streamlit.config import get_option
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.testing.v1 import AppTest

from digitlab.ui.streamlit_internals import defer_rerun
from tests.conftest import PROJECT_DIR

SOURCES = [*(PROJECT_DIR / "pages").glob("*.py"), *(PROJECT_DIR / "digitlab" / "ui").rglob("*.py")]
# The functions that wrap an action with `defer_rerun`.
WRAPPERS = {"callback", "report_errors"}


def render_button(how):
    """The script under test: during the callback, the browser requests another run."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

    from digitlab.ui.streamlit_internals import callback

    def act():
        get_script_run_ctx().script_requests.request_rerun(RerunData())
        # Without `callback`, Streamlit aborts at the first of these.
        st.query_params["done"] = "yes"
        st.session_state["done"] = st.session_state.get("done", 0) + 1
        if how == "with st.rerun":
            st.rerun()

    action = act if how == "not wrapped" else callback(act)
    st.button("Act", on_click=action)
    st.text(f"Done: {st.session_state.get('done', 0)}")


@pytest.mark.parametrize(
    ("how", "n_done"), [("wrapped", 1), ("with st.rerun", 1), ("not wrapped", 0)]
)
def test_callback_completes_although_the_browser_requests_a_rerun(how, n_done):
    app = AppTest.from_function(render_button, args=(how,)).run()
    app.button[0].click().run()
    assert not app.exception
    assert app.text[0].value == f"Done: {n_done}"


def test_reruns_cannot_be_deferred_outside_a_page():
    with pytest.raises(RuntimeError, match="only while Streamlit runs"), defer_rerun():
        pass


def test_script_context_knows_history_navigation():
    assert "is_history_navigation" in {field.name for field in fields(ScriptRunContext)}


def test_no_full_garbage_collection_follows_each_run():
    """A hidden option, so that it may change: with it, 50 visitors wait for seconds."""
    assert get_option("runner.postScriptGC") is False


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_widget_callback_is_wrapped(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg and is_callback_argument(node.arg):
            assert is_wrapped(node.value), f"line {node.value.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and is_callback_argument(str(key.value)):
                    assert is_wrapped(value), f"line {value.lineno}: {ast.unparse(node)}"


def is_callback_argument(name):
    return name in ("on_click", "on_change", "on_dismiss", "on_select") or (
        name.startswith("on_") and name.endswith("_change")
    )


def is_wrapped(value):
    if isinstance(value, ast.Constant):
        return True
    return isinstance(value, ast.Call) and ast.unparse(value.func) in WRAPPERS


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.stem != "streamlit_internals"], ids=lambda p: p.stem
)
def test_private_parts_of_streamlit_are_used_in_one_file_only(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    # The public type of an uploaded file has no shorter address.
    private = {name for name in modules if name.startswith("streamlit.runtime.")}
    assert private <= {"streamlit.runtime.uploaded_file_manager"}
