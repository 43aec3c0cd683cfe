"""The Tune page."""

from digitlab.ui.navigation import redirect_to_app
from digitlab.ui.tune.page import render_page

redirect_to_app()
render_page()
