"""digitlab: a handwritten-digit laboratory. Run with `streamlit run app.py`."""

import streamlit as st

from digitlab.ui.style import ICON_PATH, render_style

_DRAW_ICON = ":material/draw:"

st.set_page_config(page_title="digitlab", page_icon=str(ICON_PATH), layout="centered")
render_style()
page = st.navigation(
    [
        # The first page's address is "/", whatever its path; a link to "/draw" must find it too.
        st.Page("pages/draw.py", title="Draw", icon=_DRAW_ICON, url_path="home", default=True),
        st.Page("pages/draw.py", title="Draw", icon=_DRAW_ICON, visibility="hidden"),
        st.Page("pages/models.py", title="Models", icon=":material/shelves:"),
    ],
    position="top",
)
page.run()
