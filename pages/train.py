"""The Train page."""

from digitlab.ui.frame import enter_through_app
from digitlab.ui.train.page import render_page

enter_through_app()
render_page()
