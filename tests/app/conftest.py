"""The app through Streamlit's own test driver."""

import functools

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from tests.app.train_page import find_view_control
from tests.conftest import PROJECT_DIR


@pytest.fixture(scope="session", autouse=True)
def scan_installed_packages_once():
    """Each AppTest reads the metadata of all installed packages, which takes most of its time."""
    scan = manifest_scanner.scan_component_manifests
    manifest_scanner.scan_component_manifests = functools.cache(scan)
    yield
    manifest_scanner.scan_component_manifests = scan


@pytest.fixture(autouse=True)
def at_home(monkeypatch):
    """As after `make run`; the driver starts no server whose address could say so."""
    monkeypatch.setenv("DIGITLAB_HOSTING", "off")


@pytest.fixture
def hosted(monkeypatch, at_home):
    """As on a server that others use."""
    monkeypatch.delenv("DIGITLAB_HOSTING")


@pytest.fixture
def app():
    # Samples of data sets are kept for the whole process, and tests reuse their ids.
    st.cache_resource.clear()
    return AppTest.from_file(str(PROJECT_DIR / "main.py"), default_timeout=60)


@pytest.fixture
def open_page(app):
    def open_it(**params):
        app.run()
        app.switch_page("pages/evaluate.py")
        for name, value in params.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return open_it


@pytest.fixture
def train_app(app):
    app.run()
    return app.switch_page("pages/train.py").run()


@pytest.fixture
def show_run(train_app):
    def show(run):
        find_view_control(train_app).set_value("run").run()
        train_app.selectbox(key="train_run_choice").set_value(run.id).run()
        assert not train_app.exception
        return train_app

    return show
