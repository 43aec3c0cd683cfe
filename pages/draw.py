"""The Draw page."""

from digitlab.ui.draw.page import render_page
from digitlab.ui.frame import enter_through_app

enter_through_app()
render_page()
