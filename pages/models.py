"""The Models page."""

from digitlab.ui.frame import redirect_to_app
from digitlab.ui.models.page import render_page

redirect_to_app()
render_page()
