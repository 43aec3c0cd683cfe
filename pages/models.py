"""The Models page."""

from digitlab.ui.frame import enter_through_app
from digitlab.ui.models.page import render_page

enter_through_app()
render_page()
