"""The server: pages, headers, visitors' cookies. Run with `streamlit run app.py`."""

import runpy
from pathlib import Path

import streamlit as st

from digitlab.ui.server import build_middleware, build_routes, log_page_error, serve_visitors
from digitlab.ui.streamlit_internals import is_page_running

# Streamlit finds this assignment by reading the file: the call has to be here.
app = st.App(
    "main.py",
    routes=build_routes(),
    middleware=build_middleware(),
    lifespan=serve_visitors,
    on_script_error=log_page_error,
)

if is_page_running():
    # A host that runs this file as a page shows the pages all the same.
    runpy.run_path(str(Path(__file__).with_name("main.py")))
