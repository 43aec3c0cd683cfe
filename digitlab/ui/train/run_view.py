"""A run in progress: its status in one line, progress bars, curves and what they mean."""

import re
from dataclasses import dataclass, field
from html import escape

import numpy as np
import streamlit as st

from digitlab.datasets.registry import DATASETS
from digitlab.errors import DigitlabError
from digitlab.figures.training_curves import describe_training_curves, training_curves_figure
from digitlab.inference.reader import format_percent
from digitlab.png import build_data_uri, to_dark_on_light
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run
from digitlab.runs.status import RunStatus, describe_status
from digitlab.runs.tables import DigitReadings, Row
from digitlab.training.diagnosis import Finding, diagnose, find_best_epoch
from digitlab.ui.browser_signals import measure_width
from digitlab.ui.chart import render_steady_chart
from digitlab.ui.text import escape_markdown, render_error

# The phases of a run that has not ended.
ACTIVE_PHASES = ("running", "hanging", "queued")

_BATCH_CURVE = "train_batch_curve"
# As many points as the chart can show.
_MAX_POINTS = 240
_INTERVAL_S = 1.0
# Before the first metrics the page is empty, and the user waits.
_FIRST_INTERVAL_S = 0.4
# On narrower screens a drag has to scroll the page.
_MIN_ZOOMABLE_PX = 600
_HOLD = "train_hold"
_RENDER_MESSAGE = {"failed": st.error, "interrupted": st.warning}


@dataclass
class _BatchCurve:
    """The running epoch's rows of one run's table by batch, and the position read so far."""

    run_id: str
    epoch: int = -1
    position: int = 0
    rows: dict[int, Row] = field(default_factory=dict)


def read_batch_curve(run: Run, status: RunStatus) -> list[Row]:
    """Loss and accuracy within the running epoch.

    Returns:
        As `training_curves_figure` takes them: `epoch` is a fraction; empty before training.
    """
    if status.state != "training" or not status.batches:
        return []
    curve = st.session_state.get(_BATCH_CURVE)
    if curve is None or curve.run_id != run.id:
        curve = st.session_state[_BATCH_CURVE] = _BatchCurve(run.id)
    if curve.epoch != status.epoch:
        curve.epoch = status.epoch
        curve.rows.clear()
    rows, curve.position = run.read_batches(curve.position)
    # By batch number: after a resume the table is read from its beginning again.
    curve.rows.update({int(row["batch"]): row for row in rows if int(row["epoch"]) == status.epoch})
    return _thin_out([curve.rows[batch] for batch in sorted(curve.rows)], status)


def _thin_out(rows: list[Row], status: RunStatus) -> list[Row]:
    step = -(-len(rows) // _MAX_POINTS) or 1
    return [
        {
            **{key: row[key] for key in ("loss", "accuracy") if key in row},
            "epoch": status.epoch + row["batch"] / status.batches,
        }
        for row in rows[::step]
    ]


def render_digit_strip(readings: DigitReadings) -> None:
    """Render a row per digit and a column per epoch; the colour strength is the confidence.

    Args:
        readings: at least one digit; may have no epoch yet.
    """
    head = "".join(
        f'<th scope="col">{"start" if epoch == 0 else int(epoch)}</th>' for epoch in readings.epochs
    )
    rows = "".join(_build_digit_row(readings, k) for k in range(len(readings.images)))
    st.html(
        '<div class="strip-scroll"><table class="digit-strip">'
        "<caption>Predictions for your digits, by epoch</caption>"
        f'<thead><tr><th scope="col">yours</th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def describe_readings(readings: DigitReadings) -> str:
    """How many digits are classified correctly; without labels, the predictions."""
    if not len(readings.epochs):
        return "The network has not classified your digits yet."
    predictions = readings.probabilities[-1].argmax(axis=1)
    is_labelled = readings.labels >= 0
    if not is_labelled.any():
        return f"Predictions for your digits: {', '.join(map(str, predictions))}."
    n_correct = int((predictions[is_labelled] == readings.labels[is_labelled]).sum())
    return f"{n_correct} of your {int(is_labelled.sum())} digits are classified correctly."


def _build_digit_row(readings: DigitReadings, k: int) -> str:
    label = int(readings.labels[k])
    alt = f"a {label}" if label >= 0 else f"digit {k + 1}"
    thumbnail = build_data_uri(to_dark_on_light(readings.images[k]))
    cells = "".join(
        _build_cell(readings.probabilities[e, k], label, int(epoch))
        for e, epoch in enumerate(readings.epochs)
    )
    return f'<tr><th scope="row"><img src="{thumbnail}" alt="{escape(alt)}"></th>{cells}</tr>'


def _build_cell(probabilities: np.ndarray, label: int, epoch: int) -> str:
    prediction = int(probabilities.argmax())
    confidence = float(probabilities[prediction])
    result = "unknown" if label < 0 else ("right" if prediction == label else "wrong")
    title = escape(f"After epoch {epoch}: {prediction}, {format_percent(confidence)} sure")
    # The class after the ten digits is "no digit".
    text = str(prediction) if prediction < 10 else "–"
    # With ten classes the confidence is at least 10 %.
    strength = round(15 + 75 * max(0.0, confidence - 0.1) / 0.9)
    style = f"--strength:{strength}%"
    return f'<td class="cell-{result}" style="{style}" title="{title}">{text}</td>'


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
        status = inspect_run(run)
        n_classes = len(DATASETS[run.read_config().dataset].class_names)
    except DigitlabError as error:
        render_error(error)
        return
    if get_phase(status) != get_phase(page_status):
        # The buttons and the list of runs are outside this fragment.
        st.rerun()
    history = run.read_history()
    # Optional elements keep their position with `st.empty`: Streamlit rebuilds everything after
    # an element that appears or disappears, and the curves would flicker.
    _render_status(run, status, history)
    _render_messages(status)
    _render_findings(diagnose(history, is_over=status.is_final, n_classes=n_classes))
    _render_curves(run, status, history, zoomable=zoomable)
    readings = run.read_digits()
    if readings is not None and len(readings.images):
        render_digit_strip(readings)
        st.caption(describe_readings(readings))
    if _has_metrics(status) and not _has_metrics(page_status):
        # The first metrics are shown: continue with the longer interval.
        st.rerun()


def _render_status(run: Run, status: RunStatus, history: list[Row]) -> None:
    line = describe_status(status, history)
    if run.is_stop_requested() and not status.is_final:
        line = f"Stopping after the batch · {line}"
    st.html(f'<div class="run-line" role="status" data-testid="run-line">{escape(line)}</div>')
    with st.container(key="train_progress"):
        _render_progress(status)


def _render_messages(status: RunStatus) -> None:
    if not (status.message or status.notes):
        st.empty()
        return
    with st.container(key="train_notices"):
        if status.message:
            default = st.warning if status.is_hanging else st.info
            _RENDER_MESSAGE.get(status.state, default)(escape_markdown(status.message))
        for note in status.notes:
            st.info(escape_markdown(note))


def _render_progress(status: RunStatus) -> None:
    """One bar for the epochs and one for the batches of the running epoch."""
    if status.is_final or status.state == "waiting":
        return
    is_training = status.state == "training" and status.batches > 0
    epoch_fraction = status.batch / status.batches if is_training else 0.0
    fraction = (status.epoch + epoch_fraction) / status.epochs if status.epochs else 0.0
    if status.state == "evaluating":
        fraction = 1.0
    batch = f"Batch {status.batch:,} of {status.batches:,}" if is_training else "Batch –"
    speed = f" · {status.images_per_s:,.0f} images/s" if status.images_per_s else ""
    st.progress(min(fraction, 1.0), f"{min(fraction, 1.0):.0%} of all epochs")
    st.progress(min(epoch_fraction, 1.0), f"{batch}{speed}")


def _render_findings(findings: tuple[Finding, ...]) -> None:
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
    figure = training_curves_figure(
        history, batches, best_epoch=best, n_epochs=status.epochs, zoomable=zoomable
    )
    # The key becomes a CSS class, which allows fewer characters than a run's id.
    key = re.sub(r"[^A-Za-z0-9_-]", "-", f"train_curves_{run.id}")
    can_hold = zoomable and not status.is_final
    is_held = can_hold and st.session_state.get(_HOLD, False)
    render_steady_chart(
        figure, key=key, alt=describe_training_curves(history, best), is_held=is_held
    )
    if can_hold:
        st.toggle(
            "Hold the curves still",
            key=_HOLD,
            help="New metrics undo a zoom. With the curves held still, drag to zoom in and "
            "double-click to zoom out.",
        )
    else:
        st.empty()
