"""Train: choose settings, watch a network learn, steer it, compare runs, keep the result."""

from digitlab.ui.frame import enter_through_app
from digitlab.ui.train.page import render_page

enter_through_app()
render_page()
