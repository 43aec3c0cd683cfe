"""A run as it goes: its state in one line, its progress, its curves, what they mean."""

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

_KEY = "train_batch_curve"
# A line of this many points is as fine as the screen.
_MAX_POINTS = 240

_EVERY_S = 1.0
# Somebody looks at an empty page.
_EVERY_UNTIL_FIGURES_S = 0.4
# A finger needs the chart to scroll the page.
_ZOOMABLE_FROM_PX = 600
_HOLD = "train_hold"
_ICONS = {"good": "check_circle", "note": "info", "problem": "warning"}
_SHOW = {"failed": st.error, "interrupted": st.warning}


@dataclass
class _Progress:
    """What has been read of one run's table: up to where, and the running epoch's rows."""

    run_id: str
    epoch: int = -1
    place: int = 0
    rows: dict[int, dict[str, float]] = field(default_factory=dict)


def read_batch_curve(run: Run, status: RunStatus) -> list[dict[str, float]]:
    """Loss and accuracy within the running epoch.

    Returns:
        As `training_curves_figure` takes them: `epoch` is a fraction; empty before training.
    """
    if status.state != "training" or not status.batches:
        return []
    read = st.session_state.get(_KEY)
    if read is None or read.run_id != run.id:
        read = st.session_state[_KEY] = _Progress(run.id)
    if read.epoch != status.epoch:
        read.epoch = status.epoch
        read.rows.clear()
    rows, read.place = run.read_batches(read.place)
    # By their number: after a resumption the table is read from its beginning again.
    read.rows.update({int(row["batch"]): row for row in rows if int(row["epoch"]) == status.epoch})
    return _thin([read.rows[number] for number in sorted(read.rows)], status)


def _thin(rows: list[dict[str, float]], status: RunStatus) -> list[dict[str, float]]:
    step = -(-len(rows) // _MAX_POINTS) or 1
    return [
        {
            **{key: row[key] for key in ("loss", "accuracy") if key in row},
            "epoch": status.epoch + row["batch"] / status.batches,
        }
        for row in rows[::step]
    ]


def render_digit_strip(readings: DigitReadings) -> None:
    """A line a digit, a column an epoch; a cell is as strong as the network is sure.

    Args:
        readings: of at least one digit; may have no epoch yet.
    """
    head = "".join(
        f'<th scope="col">{"start" if epoch == 0 else int(epoch)}</th>' for epoch in readings.epochs
    )
    lines = "".join(_build_line(readings, k) for k in range(len(readings.images)))
    st.html(
        '<div class="strip-scroll"><table class="digit-strip">'
        "<caption>How it reads your digits, by epoch</caption>"
        f'<thead><tr><th scope="col">yours</th>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def describe_readings(readings: DigitReadings) -> str:
    """How many are read right now; where it is not known what they are, only what is read."""
    if not len(readings.epochs):
        return "The network has not read your digits yet."
    said = readings.probabilities[-1].argmax(axis=1)
    known = readings.labels >= 0
    if not known.any():
        return f"It reads your digits as {', '.join(map(str, said))}."
    n_right = int((said[known] == readings.labels[known]).sum())
    return f"It reads {n_right} of your {int(known.sum())} digits right."


def _build_line(readings: DigitReadings, k: int) -> str:
    label = int(readings.labels[k])
    meant = f"a {label}" if label >= 0 else f"digit {k + 1}"
    thumbnail = build_data_uri(to_dark_on_light(readings.images[k]))
    cells = "".join(
        _build_cell(readings.probabilities[e, k], label, int(epoch))
        for e, epoch in enumerate(readings.epochs)
    )
    return f'<tr><th scope="row"><img src="{thumbnail}" alt="{escape(meant)}"></th>{cells}</tr>'


def _build_cell(probabilities: np.ndarray, label: int, epoch: int) -> str:
    said = int(probabilities.argmax())
    share = float(probabilities[said])
    look = "unknown" if label < 0 else ("right" if said == label else "wrong")
    words = escape(f"After epoch {epoch}: {said}, {format_percent(share)} sure")
    text = str(said) if said < 10 else "–"
    # Of ten classes, 10 % is as unsure as can be.
    strength = round(15 + 75 * max(0.0, share - 0.1) / 0.9)
    style = f"--strength:{strength}%"
    return f'<td class="cell-{look}" style="{style}" title="{words}">{text}</td>'


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


def format_phase(status: RunStatus) -> str:
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
    if format_phase(status) != format_phase(first):
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
    figure = training_curves_figure(
        history, batches, best_epoch=best, n_epochs=status.epochs, zoomable=zoomable
    )
    # A key becomes a class of the page, where other signs are not allowed.
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
            help="While a run goes on, its next figures undo a zoom. Held still, drag over the "
            "curves to zoom in and double-click to zoom out.",
        )
    else:
        st.empty()
