"""An analysis job on the page: start it, follow it, stop it."""

import importlib.util

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.evaluation.jobs import (
    JOB_KINDS,
    AnalysisJob,
    find_job,
    start_job,
    stop_job,
)
from digitlab.model_store.stored_model import StoredModel
from digitlab.step_jobs import StepStatus
from digitlab.ui.actions import render_action_error, report_errors
from digitlab.ui.text import escape_markdown, render_error
from digitlab.ui.visitor import get_owner

_INTERVAL_S = 0.5
# What the worker needs beyond the app's packages; after the first start it may not be installed.
_PACKAGES = {"tsne": ("sklearn",), "exports": ("tensorflow", "keras")}


def render_job(
    model: StoredModel, kind: str, start_label: str, *, place: str | None = None
) -> None:
    """Render a button that starts the job, or its progress; the page reruns when it has ended.

    Args:
        kind: one of `JOB_KINDS`.
        start_label: the button's label.
        place: where the page shows the errors of this model's actions; by default, here.
    """
    st.caption(f"{JOB_KINDS[kind]}. This takes a minute or more, continues if you leave the page, "
               "and is saved with the model.")  # fmt: skip
    if place is None:
        render_action_error()
    try:
        job = find_job(model, kind)
        status = job.inspect() if job else None
    except DigitlabError as error:
        # Starting the job again replaces a damaged status.
        render_error(error)
        job = status = None
    if job is not None and status is not None and not status.is_final:
        st.fragment(_render_progress, run_every=_INTERVAL_S)(job)
        return
    if status is not None and status.state in ("failed", "stopped"):
        _render_end(status)
    missing = [name for name in _PACKAGES.get(kind, ()) if importlib.util.find_spec(name) is None]
    st.button(
        start_label,
        key="_".join(filter(None, ("evaluate_start", kind, place))),
        icon=":material/play_arrow:",
        disabled=bool(missing),
        on_click=report_errors(
            lambda: start_job(model, kind, owner=get_owner()), place=place or ""
        ),
    )
    if missing:
        st.info(
            "The required packages are not installed yet. After the first `make run` they arrive "
            "within some minutes; otherwise run `make install`, then reload this page."
        )


def _render_progress(job: AnalysisJob) -> None:
    try:
        status = job.inspect()
    except DigitlabError as error:
        render_error(error)
        return
    if status.is_final:
        # The results appear outside this fragment.
        st.rerun()
    text = f"{status.fraction:.0%}" if status.total else "Starting …"
    if job.is_stop_requested():
        text = f"Stopping … {text}"
    st.progress(status.fraction, f"{text} {escape_markdown(status.message)}".strip())
    st.button(
        "Stop",
        key=f"evaluate_stop_{job.kind}",
        icon=":material/stop:",
        on_click=report_errors(lambda: stop_job(job, owner=get_owner()), whole_page=True),
    )


def _render_end(status: StepStatus) -> None:
    if status.state == "failed":
        render_error(status.message or "The analysis failed. Start it again.")
    else:
        st.caption("It was stopped before it finished; no results were saved.")
