"""The Draw page."""

from digitlab.ui.draw.page import render_page
from digitlab.ui.navigation import redirect_to_app

redirect_to_app()
render_page()
