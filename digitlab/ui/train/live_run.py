"""A run as it goes: its state in one line, its progress, its curves, what they mean."""

import re
from html import escape

import streamlit as st

from digitlab.datasets.registry import DATASETS
from digitlab.errors import DigitlabError
from digitlab.figures.learning import describe_learning, learning_figure
from digitlab.run_status import RunStatus
from digitlab.run_tables import Row
from digitlab.runs import Run
from digitlab.training.diagnose import Finding, diagnose, find_best_epoch
from digitlab.training.jobs import inspect_run
from digitlab.training.status_words import describe_status
from digitlab.ui.steady_chart import render_steady_chart
from digitlab.ui.train.batch_curve import read_batch_curve
from digitlab.ui.train.digit_strip import describe_readings, render_digit_strip
from digitlab.ui.width import measure_width

_EVERY_S = 1.0
# Somebody looks at an empty page.
_EVERY_UNTIL_FIGURES_S = 0.4
# A finger needs the chart to scroll the page.
_ZOOMABLE_FROM_PX = 600
_HOLD = "train_hold"
_ICONS = {"good": "check_circle", "note": "info", "problem": "warning"}
_SHOW = {"failed": st.error, "interrupted": st.warning}


def render_live_run(run: Run) -> None:
    """Show a run, again each second as long as it goes on, more often before its first figures."""
    status = inspect_run(run)
    every_s = None
    if not status.is_final and status.state != "waiting":
        is_soon = status.state != "queued" and not _has_figures(status)
        every_s = _EVERY_UNTIL_FIGURES_S if is_soon else _EVERY_S
    width_px = measure_width("train_width")
    show = st.fragment(_render, run_every=every_s)
    show(run, status, width_px is None or width_px >= _ZOOMABLE_FROM_PX)


def tell_phase(status: RunStatus) -> str:
    """What decides which buttons there are: it changes seldom."""
    if status.is_final or status.state in ("waiting", "queued"):
        return status.state
    return "hanging" if status.is_hanging else "live"


def _has_figures(status: RunStatus) -> bool:
    return status.epoch > 0 or status.batch > 0


def _render(run: Run, first: RunStatus, zoomable: bool) -> None:
    """The run as it is now; `first` is how it was when the whole page was made."""
    try:
        status = inspect_run(run)
        history = run.read_history()
    except DigitlabError as error:
        st.error(str(error))
        return
    if tell_phase(status) != tell_phase(first):
        # Buttons and the list of runs stand outside of this fragment.
        st.rerun()
    # What is sometimes there keeps its place by an `st.empty`: Streamlit builds everything
    # after an element that comes or goes anew, and the curves would blink.
    _render_status(run, status, history)
    _render_notices(status)
    _render_findings(run, status, history)
    _render_curves(run, status, history, zoomable=zoomable)
    readings = run.read_digits()
    if readings is not None and len(readings.images):
        render_digit_strip(readings)
        st.caption(describe_readings(readings))
    if _has_figures(status) and not _has_figures(first):
        # They are on the page: from now on the slower pace.
        st.rerun()


def _render_status(run: Run, status: RunStatus, history: list[Row]) -> None:
    line = describe_status(status, history)
    if run.is_stop_requested() and not status.is_final:
        line = f"Stopping after the batch · {line}"
    st.html(f'<div class="run-line" role="status" data-testid="run-line">{escape(line)}</div>')
    with st.container(key="train_progress"):
        _render_progress(status)


def _render_notices(status: RunStatus) -> None:
    if not (status.message or status.notes):
        st.empty()
        return
    with st.container(key="train_notices"):
        if status.message:
            _SHOW.get(status.state, st.warning if status.is_hanging else st.info)(status.message)
        for note in status.notes:
            st.info(note)


def _render_progress(status: RunStatus) -> None:
    """Epochs above, the running epoch's batches below; the place is kept when there are none."""
    if status.is_final or status.state == "waiting":
        return
    is_training = status.state == "training" and status.batches > 0
    within = status.batch / status.batches if is_training else 0.0
    share = (status.epoch + within) / status.epochs if status.epochs else 0.0
    if status.state == "evaluating":
        share = 1.0
    batch = f"Batch {status.batch:,} of {status.batches:,}" if is_training else "Batch –"
    speed = f" · {status.images_per_s:,.0f} images/s" if status.images_per_s else ""
    st.progress(min(share, 1.0), f"{min(share, 1.0):.0%} of all epochs")
    st.progress(min(within, 1.0), f"{batch}{speed}")


def _render_findings(run: Run, status: RunStatus, history: list[Row]) -> None:
    n_classes = len(DATASETS[run.read_config().dataset].class_names)
    findings = diagnose(history, is_over=status.is_final, n_classes=n_classes)
    if not findings:
        st.empty()
        return
    with st.container(key="train_findings"):
        st.html("".join(_build_finding(finding) for finding in findings))


def _build_finding(finding: Finding) -> str:
    advice = f'<span class="finding-advice"> {escape(finding.advice)}</span>'
    return (
        f'<div class="finding finding-{finding.level}" data-testid="finding-{finding.kind}">'
        f"{escape(finding.text)}{advice if finding.advice else ''}</div>"
    )


def _render_curves(run: Run, status: RunStatus, history: list[Row], *, zoomable: bool) -> None:
    batches = read_batch_curve(run, status)
    if not history and not batches:
        if status.is_final:
            st.empty()
        else:
            st.html('<div class="run-blank">The curves begin with the first batches.</div>')
        return
    best = find_best_epoch(history) if len(history) > 1 else None
    figure = learning_figure(
        history, batches, best_epoch=best, n_epochs=status.epochs, zoomable=zoomable
    )
    # A key becomes a class of the page, where other signs are not allowed.
    key = re.sub(r"[^A-Za-z0-9_-]", "-", f"train_curves_{run.id}")
    can_hold = zoomable and not status.is_final
    is_held = can_hold and st.session_state.get(_HOLD, False)
    render_steady_chart(figure, key=key, alt=describe_learning(history, best), is_held=is_held)
    if can_hold:
        st.toggle(
            "Hold the curves still",
            key=_HOLD,
            help="While a run goes on, its next figures undo a zoom. Held still, drag over the "
            "curves to zoom in and double-click to zoom out.",
        )
    else:
        st.empty()
