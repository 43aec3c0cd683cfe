"""The Train page: choose settings, follow a run, compare runs, put a model on the shelf."""

from collections.abc import Callable

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.runs.launcher import prewarm_worker
from digitlab.ui.actions import render_action_error
from digitlab.ui.browser_signals import run_when_idle
from digitlab.ui.frame import page_header
from digitlab.ui.selectors import View
from digitlab.ui.text import render_error
from digitlab.ui.train.form import prepare_form, render_all_settings, render_basic_settings
from digitlab.ui.train.preview import render_preview, render_recipes
from digitlab.ui.train.run_actions import render_run_actions
from digitlab.ui.train.run_choice import (
    FORM_VIEW,
    RUN_VIEW,
    render_run_choice,
    render_view_choice,
)
from digitlab.ui.train.run_summary import render_comparison, render_run_summary
from digitlab.ui.train.run_view import render_live_run
from digitlab.ui.train.start import is_training_installed, read_form, render_start
from digitlab.ui.train.style import render_train_style


def _render_form() -> None:
    """Recipes above; settings on the left, a preview of them on the right."""
    config = read_form(prepare_form())
    render_recipes(config)
    left, right = st.columns([1, 1.6], gap="medium")
    with left:
        render_basic_settings()
        render_start(config)
        render_all_settings()
    with right:
        render_preview(config)


def _render_run() -> None:
    """The choice of a run, its actions, its progress and its results."""
    run = render_run_choice()
    if run is None:
        st.info("There is no run yet. Choose a recipe and press Start training.")
        return
    render_run_actions(run)
    render_live_run(run)
    render_run_summary(run)


# A new view is a function like these, and a row here.
VIEWS: tuple[View[Callable[[], None]], ...] = (
    View(FORM_VIEW, ":material/tune: Choose", _render_form),
    View(RUN_VIEW, ":material/monitoring: Watch", _render_run),
    View("comparison", ":material/compare_arrows: Compare", render_comparison),
)


def render_page() -> None:
    """Render the header and the chosen view."""
    render_train_style()
    with page_header("Train a network"):
        view = render_view_choice(VIEWS)
    render_action_error()
    try:
        view.render()
    except DigitlabError as error:
        render_error(error)
    with st.container(key="train_unseen"):
        # A worker that has already loaded TensorFlow shows its first metrics sooner.
        st.fragment(run_when_idle)("train_idle", _prewarm)


def _prewarm() -> None:
    if is_training_installed():
        prewarm_worker()
