"""Long looks at a model: start one, follow it, stop it."""

import importlib.util

import streamlit as st

from digitlab.errors import DigitlabError
from digitlab.evaluation.jobs import (
    JOB_KINDS,
    AnalysisJob,
    AnalysisStatus,
    find_job,
    start_job,
    stop_job,
)
from digitlab.model_store.store import StoredModel
from digitlab.ui.streamlit_internals import callback

_EVERY_S = 0.5
_PROBLEM = "evaluate_job_problem"
# What the worker needs beyond the pages' packages; right after the first start it may not be there.
_PACKAGES = {"tsne": ("sklearn",)}


def render_job(model: StoredModel, kind: str, start_label: str) -> None:
    """A button to start, or how far it is; the page runs again when it is done.

    Args:
        kind: one of `JOB_KINDS`.
        start_label: what the button says.
    """
    st.caption(f"{JOB_KINDS[kind]}. This takes a minute or more, goes on if you leave the page, "
               "and is kept with the model.")  # fmt: skip
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error(problem)
    job = find_job(model, kind)
    status = job.inspect() if job else None
    if job is not None and status is not None and not status.is_final:
        st.fragment(_follow, run_every=_EVERY_S)(job)
        return
    if status is not None and status.state in ("failed", "stopped"):
        _tell_end(status)
    lacking = [name for name in _PACKAGES.get(kind, ()) if importlib.util.find_spec(name) is None]
    st.button(
        start_label,
        key=f"evaluate_start_{kind}",
        icon=":material/play_arrow:",
        disabled=bool(lacking),
        on_click=callback(_start),
        args=(model, kind),
    )
    if lacking:
        st.info(
            "The packages for this are not installed yet. After the first `make run` they arrive "
            "within some minutes; otherwise run `make install`, then reload this page."
        )


def _start(model: StoredModel, kind: str) -> None:
    try:
        start_job(model, kind)
    except DigitlabError as error:
        st.session_state[_PROBLEM] = str(error)


def _follow(job: AnalysisJob) -> None:
    try:
        status = job.inspect()
    except DigitlabError as error:
        st.error(str(error))
        return
    if status.is_final:
        # What it found stands outside of this fragment.
        st.rerun()
    words = f"{status.fraction:.0%}" if status.total else "Starting …"
    if job.is_stop_requested():
        words = f"Stopping … {words}"
    st.progress(status.fraction, f"{words} {status.message}".strip())
    st.button("Stop", key=f"evaluate_stop_{job.kind}", icon=":material/stop:",
              on_click=callback(stop_job),
              args=(job,))  # fmt: skip


def _tell_end(status: AnalysisStatus) -> None:
    if status.state == "failed":
        st.error(status.message or "It failed without a word. Start it again.")
    else:
        st.caption("It was stopped before its end; nothing was kept.")
