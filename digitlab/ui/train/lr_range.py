"""The learning rate range test on the Train page: one click, a curve, one click to use it."""

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.figures.lr_range import describe_lr_range, lr_range_figure
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.runs.control import count_active_runs
from digitlab.runs.launcher import is_training_installed
from digitlab.runs.lr_range import LrRangeJob, find_lr_range_job, start_lr_range
from digitlab.training.config import TrainConfig
from digitlab.training.lr_range import N_STEPS, LrRangeResult
from digitlab.ui.actions import render_action_error, report_errors
from digitlab.ui.text import render_error
from digitlab.ui.train.form import set_value

_PLACE = "train_lr_range"
_INTERVAL_S = 0.5


def render_lr_range(config: TrainConfig | list[str]) -> None:
    """Render an expander with the test of the form's settings.

    Args:
        config: from `read_form`; a list of problems disables the test.
    """
    expander = st.expander(
        "Which learning rate?", icon=":material/troubleshoot:", key="train_lr_range",
        on_change="rerun",
    )  # fmt: skip
    if not expander.open:
        return
    with expander:
        st.caption(
            f"A short training of at most {N_STEPS} batches, with the rate rising from 0.000001 to "
            "1: too low, and the loss stays; too high, and it diverges. A good rate lies where it "
            "falls fastest."
        )
        render_action_error(_PLACE)
        if not isinstance(config, TrainConfig):
            st.caption("Correct the settings first.")
            return
        job = find_lr_range_job(config)
        if job.is_running():
            st.fragment(_render_progress, run_every=_INTERVAL_S)(job)
            return
        _render_result(job, config)


def _render_progress(job: LrRangeJob) -> None:
    try:
        status = job.inspect()
    except DigitlabError as error:
        render_error(error)
        return
    if status.is_final:
        st.rerun()
    st.progress(status.fraction, "Training with a rising rate …" if status.done else "Starting …")


def _render_result(job: LrRangeJob, config: TrainConfig) -> None:
    try:
        result = job.read_result()
        if result is None and job.has_started:
            render_error(job.inspect().message)
    except DigitlabError as error:
        render_error(error)
        return
    if result is not None:
        _render_curve(result)
        return
    is_busy = count_active_runs() > 0
    st.button(
        "Test these settings",
        key="train_lr_range_start",
        icon=":material/play_arrow:",
        disabled=is_busy or not is_training_installed(),
        help="A training is running; one runs at a time." if is_busy else None,
        on_click=report_errors(lambda: start_lr_range(config), place=_PLACE),
    )


def _render_curve(result: LrRangeResult) -> None:
    marks = {"steepest": result.steepest, "diverging": result.diverging}
    text = describe_lr_range(result.rates, **marks)
    st.plotly_chart(
        lr_range_figure(result.rates, result.losses, result.smoothed, **marks),
        key="train_lr_range_curve",
        config=PLOTLY_CONFIG,
        alt=text,
    )
    st.caption(text)
    suggestion = result.suggestion
    if suggestion is not None:
        st.button(
            f"Use {suggestion:g}",
            key="train_lr_range_use",
            icon=":material/check:",
            on_click=report_errors(lambda: set_value("learning_rate", suggestion)),
        )
