"""Train: choose settings, watch a network learn, steer it, compare runs, keep the result."""

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.runs.launcher import prewarm_worker
from digitlab.ui.browser_signals import run_when_idle
from digitlab.ui.train.form import prepare_form, render_all_settings, render_basic_settings
from digitlab.ui.train.preview import render_preview, render_recipes
from digitlab.ui.train.run_actions import render_error, render_run_actions
from digitlab.ui.train.run_choice import render_run_choice, render_view_choice
from digitlab.ui.train.run_summary import render_comparison, render_run_summary
from digitlab.ui.train.run_view import render_live_run
from digitlab.ui.train.start import is_training_installed, read_form, render_start
from digitlab.ui.train.style import render_train_style


def render_choose() -> None:
    """Recipes above; the settings on the left, what they mean on the right."""
    config = read_form(prepare_form())
    render_recipes(config)
    left, right = st.columns([1, 1.6], gap="medium")
    with left:
        render_basic_settings()
        render_start(config)
        render_all_settings()
    with right:
        render_preview(config)


def render_watch() -> None:
    """One run: which, what can be done with it, how it goes, what it leaves."""
    run = render_run_choice()
    if run is None:
        st.info("There is no run yet. Choose a recipe and press Start training.")
        return
    render_run_actions(run)
    render_live_run(run)
    render_run_summary(run)


VIEWS = {"choose": render_choose, "watch": render_watch, "compare": render_comparison}


def render_page() -> None:
    """The head with its views, then the chosen view."""
    render_train_style()
    with st.container(horizontal=True, vertical_alignment="center", key="train_head"):
        st.title("Train a network", width="stretch")
        view = render_view_choice()
    render_error()
    try:
        VIEWS[view]()
    except DigitlabError as error:
        st.error(str(error))
    with st.container(key="train_unseen"):
        # A worker that has loaded TensorFlow already makes the first figures come at once.
        st.fragment(run_when_idle)(
            "train_idle", lambda: is_training_installed() and prewarm_worker()
        )
