"""A click is carried out whole, whatever else the browser asks for at that moment."""

import ast

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import PROJECT_DIR

SOURCES = [*(PROJECT_DIR / "pages").glob("*.py"), *(PROJECT_DIR / "digitlab" / "ui").rglob("*.py")]
# What makes a callback that is carried out whole.
MAKERS = {"callback", "report_errors"}


def render_page_with_a_click(how):
    """The page: while its button's callback is at work, the browser asks for another run."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

    from digitlab.ui.streamlit_internals import callback

    def act():
        get_script_run_ctx().script_requests.request_rerun(RerunData())
        # Streamlit would stop at each of these.
        st.query_params["done"] = "yes"
        st.session_state["done"] = st.session_state.get("done", 0) + 1
        if how == "with a rerun":
            st.rerun()

    st.button("Act", on_click=callback(act))
    st.text(f"Done: {st.session_state.get('done', 0)}")


@pytest.mark.parametrize("how", ["alone", "with a rerun"])
def test_a_click_is_done_once_though_another_run_is_asked_for(how):
    app = AppTest.from_function(render_page_with_a_click, args=(how,)).run()
    app.button[0].click().run()
    assert not app.exception
    assert app.text[0].value == "Done: 1"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_callback_of_the_pages_is_carried_out_whole(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg and is_for_a_widget(node.arg):
            assert is_whole(node.value), f"line {node.value.lineno}: {ast.unparse(node)}"
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and is_for_a_widget(str(key.value)):
                    assert is_whole(value), f"line {value.lineno}: {ast.unparse(node)}"


def is_for_a_widget(name):
    return name in ("on_click", "on_change", "on_dismiss", "on_select") or (
        name.startswith("on_") and name.endswith("_change")
    )


def is_whole(value):
    if isinstance(value, ast.Constant):
        return True
    return isinstance(value, ast.Call) and ast.unparse(value.func) in MAKERS
