"""The Train page."""

from digitlab.ui.navigation import redirect_to_app
from digitlab.ui.train.page import render_page

redirect_to_app()
render_page()
