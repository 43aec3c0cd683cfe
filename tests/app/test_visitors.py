"""Two visitors of a hosted app."""

import pytest
from streamlit.testing.v1 import AppTest

from digitlab.model_store.store import save_model
from digitlab.owners import OWNER_COOKIE, sign_owner
from digitlab.runs.run import list_runs
from tests.app.page_text import read_texts
from tests.app.runs import create_finished_run
from tests.app.studies import create_finished_study
from tests.app.train_page import find_view_control
from tests.conftest import PROJECT_DIR

pytestmark = pytest.mark.usefixtures("hosted")


@pytest.fixture
def visit(monkeypatch):
    """Opens a page as a visitor whose browser sends a cookie."""

    def open_page(owner, page, **params):
        app = AppTest.from_file(str(PROJECT_DIR / "main.py"), default_timeout=60)
        app.session_state["visitor_owner"] = owner
        app.session_state["visitor_has_cookie"] = True
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
        app.switch_page(page)
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception and not app.error
        return app

    return open_page


def list_keys(app):
    return {button.key for button in app.button}


def test_another_visitor_can_watch_and_repeat_a_run_by_its_address_only(visit):
    run = create_finished_run("Ada's", owner="ada")
    own = visit("ada", "pages/train.py", run=run.id)
    assert {"train_save", "train_rename", "train_delete"} <= list_keys(own)
    app = visit("bob", "pages/train.py")
    find_view_control(app).set_value("run").run()
    assert "There is no run yet" in read_texts(app.info)
    app = visit("bob", "pages/train.py", run=run.id)
    assert "Another user's run" in read_texts(app.caption)
    changing = {"train_save", "train_rename", "train_delete", "train_resume", "train_stop"}
    assert not changing & list_keys(app)
    app.button(key="train_duplicate").click().run()
    app.button(key="train_start").click().run()
    assert not app.exception and not app.error
    [repeated] = list_runs(owner="bob")
    assert repeated.read_config() == run.read_config()


def test_another_visitors_model_is_not_on_the_shelf(visit):
    model = save_model(create_finished_run(owner="ada"), label="Ada's", owner="ada")
    key = f"models_delete_{model.id}"
    assert model.label in read_texts(visit("ada", "pages/models.py").subheader)
    app = visit("bob", "pages/models.py")
    assert model.label not in read_texts(app.subheader)
    assert key not in list_keys(app)
    options = visit("bob", "pages/draw.py").selectbox[0].options
    assert options and not any(model.label in option for option in options)


def test_another_visitors_search_can_only_be_watched(visit):
    study = create_finished_study(owner="ada")
    assert {"tune_train_best", "tune_delete_confirmed"} <= list_keys(
        visit("ada", "pages/tune.py", study=study.id)
    )
    app = visit("bob", "pages/tune.py", study=study.id)
    assert "Another user's search" in read_texts(app.caption)
    assert not [key for key in list_keys(app) if str(key).startswith("tune_")]
    assert not visit("bob", "pages/tune.py").selectbox(key="tune_f_sampler").disabled


def test_a_session_without_a_cookie_is_an_owner_of_its_own(monkeypatch):
    owners = []
    for cookies in ({}, {}, {OWNER_COOKIE: sign_owner("a" * 32)}, {OWNER_COOKIE: "forged"}):
        app = AppTest.from_function(_show_owner, default_timeout=30)
        app.session_state["cookies"] = cookies
        app.run()
        assert not app.exception
        owners.append(app.text[0].value)
    assert owners[2] == f"{'a' * 32} False"
    assert len(set(owners)) == 4
    assert [owner.endswith("True") for owner in owners] == [True, True, False, True]


def _show_owner():
    from unittest.mock import PropertyMock, patch

    import streamlit as st
    from streamlit.runtime.context import ContextProxy

    from digitlab.ui.visitor import get_owner, is_kept_for_this_visit_only

    cookies = st.session_state["cookies"]
    with patch.object(ContextProxy, "cookies", PropertyMock(return_value=cookies)):
        st.text(f"{get_owner()} {is_kept_for_this_visit_only()}")
