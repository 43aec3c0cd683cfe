"""What every page is made of. `app.py` is the server that runs this script."""

import streamlit as st

from digitlab.ui.frame import ICON_PATH, render_style
from digitlab.ui.navigation import choose_page, render_navigation
from digitlab.ui.preload import preload_pages

page = choose_page()
st.set_page_config(page_title=f"{page.title} · digitlab", page_icon=str(ICON_PATH))
render_style()
render_navigation(page)
page.run()
preload_pages()
