"""digitlab: a handwritten-digit laboratory. Run with `streamlit run app.py`."""

import streamlit as st

from digitlab.ui.frame import ICON_PATH, list_pages, mark_app_started, render_style
from digitlab.ui.garbage_collection import freeze_imports

st.set_page_config(page_title="digitlab", page_icon=str(ICON_PATH), layout="centered")
mark_app_started()
render_style()
page = st.navigation(list_pages(), position="top")
page.run()
freeze_imports()
