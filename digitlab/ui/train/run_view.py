"""One run: its state in one line, its curves, and beside them numbers and what they mean."""

from html import escape

import streamlit as st

from digitlab.datasets.registry import SAMPLE_NOTE, get_dataset_spec
from digitlab.errors import DigitlabError
from digitlab.evaluation.comparison import load_run_outcome
from digitlab.quantities import format_duration
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run
from digitlab.runs.status import RunStatus, describe_status
from digitlab.runs.tables import Row
from digitlab.training.config import TrainConfig
from digitlab.training.diagnosis import Finding, diagnose, list_training_noise
from digitlab.training.phases import find_switch_epoch
from digitlab.ui.browser_signals import measure_width
from digitlab.ui.text import escape_markdown, render_error
from digitlab.ui.train.digit_strip import describe_readings, render_digit_strip
from digitlab.ui.train.run_curves import render_curves

# The phases of a run that has not ended.
ACTIVE_PHASES = ("running", "hanging", "queued")

_INTERVAL_S = 1.0
# Before the first metrics the page is empty, and the user waits.
_FIRST_INTERVAL_S = 0.4
# On narrower screens a drag has to scroll the page.
_MIN_ZOOMABLE_PX = 600
_RENDER_MESSAGE = {"failed": st.error, "interrupted": st.warning}
_UNKNOWN = "–"


def render_live_run(run: Run) -> None:
    """Render a run, and update it every second while it is active."""
    status = inspect_run(run)
    interval_s = None
    if not status.is_final and status.state != "waiting":
        awaits_metrics = status.state != "queued" and not _has_metrics(status)
        interval_s = _FIRST_INTERVAL_S if awaits_metrics else _INTERVAL_S
    width_px = measure_width("train_width")
    render = st.fragment(_render, run_every=interval_s)
    render(run, status, width_px is None or width_px >= _MIN_ZOOMABLE_PX)


def get_phase(status: RunStatus) -> str:
    """Which buttons a run needs: a final state, "waiting", or one of `ACTIVE_PHASES`."""
    if status.is_final or status.state in ("waiting", "queued"):
        return status.state
    return "hanging" if status.is_hanging else "running"


def _has_metrics(status: RunStatus) -> bool:
    return status.epoch > 0 or status.batch > 0


def _render(run: Run, page_status: RunStatus, zoomable: bool) -> None:
    """The run as it is now; `page_status` is from when the whole page was rendered."""
    try:
        status, config = inspect_run(run), run.read_config()
    except DigitlabError as error:
        render_error(error)
        return
    if get_phase(status) != get_phase(page_status):
        # The buttons and the list of runs are outside this fragment.
        st.rerun()
    history = run.read_history()
    # Optional elements keep their position with `st.empty`: Streamlit rebuilds everything after
    # an element that appears or disappears.
    _render_line(run, status, history)
    _render_messages(status)
    curves, numbers = st.columns([2, 1], gap="medium")
    with curves:
        switch = find_switch_epoch(config)
        render_curves(run, status, history, switch_epoch=switch, zoomable=zoomable)
    with numbers:
        _render_numbers(run, status, history)
        _render_findings(status, history, config)
        _render_digits(run)
    if _has_metrics(status) and not _has_metrics(page_status):
        # The first metrics are shown: continue with the longer interval.
        st.rerun()


def _render_line(run: Run, status: RunStatus, history: list[Row]) -> None:
    """The state in one line, and a progress bar until the run has ended."""
    if status.state == "training" and not status.is_hanging:
        line = f"Epoch {min(status.epoch + 1, status.epochs)} of {status.epochs}"
        if status.batches:
            line += f" · batch {status.batch:,} of {status.batches:,}"
    else:
        line = describe_status(status, history)
    if run.is_stop_requested() and not status.is_final:
        line = f"Stopping after the batch · {line}"
    st.html(f'<div class="run-line" role="status" data-testid="run-line">{escape(line)}</div>')
    if status.is_final or status.state == "waiting":
        st.empty()
    else:
        st.progress(status.progress)


def _render_messages(status: RunStatus) -> None:
    # The line above says how much of a data set is downloaded.
    message = status.message if status.state != "downloading" else ""
    if not (message or status.notes):
        st.empty()
        return
    with st.container(key="train_notices"):
        if message:
            default = st.warning if status.is_hanging else st.info
            _RENDER_MESSAGE.get(status.state, default)(escape_markdown(message))
        for note in status.notes:
            st.info(escape_markdown(note))


def _render_numbers(run: Run, status: RunStatus, history: list[Row]) -> None:
    """The figures of the run, and those of its model once it has ended."""
    last = history[-1] if history else {}
    part = "Training" if last and "val_accuracy" not in last else "Validation"
    accuracy = last.get("val_accuracy", last.get("accuracy"))
    numbers = {
        "Complete epochs": f"{len(history)} of {status.epochs}" if status.epochs else _UNKNOWN,
        f"{part} accuracy": _UNKNOWN if accuracy is None else f"{accuracy:.2%}",
    }
    notes, is_sample = [], status.is_sample
    if not status.is_final:
        has_speed, has_estimate = status.images_per_s > 0, status.eta_s >= 0
        numbers["Images/s"] = f"{status.images_per_s:,.0f}" if has_speed else _UNKNOWN
        numbers["Time left"] = format_duration(status.eta_s) if has_estimate else _UNKNOWN
    elif outcome := load_run_outcome(run):
        low, high = outcome.interval
        is_sample = is_sample or outcome.is_sample
        numbers["Test accuracy"] = f"{outcome.accuracy:.2%}"
        numbers["Training took"] = format_duration(outcome.fit_s)
        numbers["Size (TFLite)"] = f"{outcome.size_bytes / 1e6:.2f} MB"
        notes.append(
            f"{outcome.n_test:,} test images that it never saw; 95 % confidence interval "
            f"{low:.2%} to {high:.2%}."
        )
    elif not history:
        st.empty()
        return
    if is_sample:
        notes.append(SAMPLE_NOTE)
    cells = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in numbers.items()
    )
    lines = "".join(f'<p class="run-note">{escape(note)}</p>' for note in notes)
    st.html(f'<dl class="run-numbers" data-testid="run-numbers">{cells}</dl>{lines}')


def _render_findings(status: RunStatus, history: list[Row], config: TrainConfig) -> None:
    findings = diagnose(
        history,
        is_over=status.is_final,
        n_classes=len(get_dataset_spec(config.dataset).class_names),
        training_noise=list_training_noise(config),
    )
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


def _render_digits(run: Run) -> None:
    readings = run.read_digits()
    if readings is not None and len(readings.images):
        render_digit_strip(readings)
        st.caption(describe_readings(readings))
