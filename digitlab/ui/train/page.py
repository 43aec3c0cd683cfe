"""The Train page: choose settings, follow a run, compare runs, save a model."""

from collections.abc import Callable

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.runs.launcher import is_training_installed, prewarm_worker
from digitlab.ui.actions import render_action_error
from digitlab.ui.browser_signals import run_when_idle
from digitlab.ui.frame import page_header
from digitlab.ui.selectors import View
from digitlab.ui.text import render_error
from digitlab.ui.train.form import (
    prepare_form,
    read_form,
    render_all_settings,
    render_basic_settings,
)
from digitlab.ui.train.lr_range import render_lr_range
from digitlab.ui.train.preview import render_preview
from digitlab.ui.train.recipe_cards import render_recipes
from digitlab.ui.train.run_actions import render_run_actions, render_saved_model
from digitlab.ui.train.run_choice import (
    FORM_VIEW,
    RUN_VIEW,
    is_run_requested,
    list_known_runs,
    render_run_choice,
    render_unknown_run,
    render_view_choice,
)
from digitlab.ui.train.run_summary import render_comparison, render_run_summary
from digitlab.ui.train.run_view import render_live_run
from digitlab.ui.train.start import render_start, render_warnings
from digitlab.ui.train.style import render_train_style


def _render_form() -> None:
    """Recipes above; settings on the left, a preview of them on the right."""
    config = read_form(prepare_form())
    render_recipes(config)
    left, right = st.columns([1, 1.6], gap="medium")
    with left:
        render_basic_settings()
        render_lr_range(config)
        render_warnings(config)
        render_all_settings()
        # Last: its bar sticks to the lower edge of the window while the form is longer.
        render_start(config)
    with right:
        render_preview(config)


def _render_run() -> None:
    """Which run, its actions, its progress and its results."""
    runs = list_known_runs()
    if not runs:
        if is_run_requested():
            render_unknown_run()
        st.info("There is no run yet. Choose a recipe and press Start training.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="train_run_head"):
        run = render_run_choice(runs)
        if run is not None:
            render_run_actions(run)
    if run is None:
        render_unknown_run()
        return
    render_saved_model(run)
    live = st.container()
    render_run_summary(run)
    with live:
        # Last: Streamlit drops what the page has not sent when this is updated just then.
        render_live_run(run)


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
