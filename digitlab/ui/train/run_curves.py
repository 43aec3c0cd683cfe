"""The curves of a run: updated in place while it trains, with zoom once it has ended."""

import re
from dataclasses import dataclass, field
from statistics import fmean

import streamlit as st

from digitlab.figures.live_curves import HEIGHT_PX, build_live_curves
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.figures.training_curves import describe_training_curves, training_curves_figure
from digitlab.runs.run import Run
from digitlab.runs.status import RunStatus
from digitlab.runs.tables import Row
from digitlab.training.diagnosis import find_best_epoch
from digitlab.ui.selectors import render_segments

_BATCH_CURVE = "train_batch_curve"
_QUANTITIES = ("loss", "accuracy", "learning_rate")
# As many points as the chart can show.
_MAX_POINTS = 240
_LAST_EPOCHS = 10
_RANGES = {"all": "All epochs", "last": f"Last {_LAST_EPOCHS} epochs"}


def render_curves(
    run: Run,
    status: RunStatus,
    history: list[Row],
    *,
    switch_epoch: int | None = None,
    zoomable: bool,
) -> None:
    """Render loss, accuracy and learning rate.

    Args:
        switch_epoch: the last epoch with a frozen base, after which fine-tuning begins.
        zoomable: whether dragging zooms in the curves of a run that has ended.
    """
    batches = _read_batch_curve(run, status)
    best = find_best_epoch(history) if len(history) > 1 else None
    alt = describe_training_curves(history, best, switch_epoch)
    # The key becomes a CSS class, which allows fewer characters than a run's id.
    name = re.sub(r"[^A-Za-z0-9_-]", "-", run.id)
    if status.is_final:
        if history:
            figure = training_curves_figure(
                history,
                batches,
                best_epoch=best,
                switch_epoch=switch_epoch,
                n_epochs=status.epochs,
                zoomable=zoomable,
            )
            st.plotly_chart(figure, key=f"train_curves_{name}", config=PLOTLY_CONFIG, alt=alt)
        return
    if not history and not batches:
        st.html('<div class="run-blank">The curves begin with the first batches.</div>')
        return
    st.echarts_chart(
        build_live_curves(
            history,
            batches,
            n_epochs=status.epochs,
            best_epoch=best,
            switch_epoch=switch_epoch,
            last_epochs=_LAST_EPOCHS if _render_range(status) == "last" else None,
            is_dark=st.context.theme.type == "dark",
        ),
        key=f"train_live_curves_{name}",
        height=HEIGHT_PX,
        alt=alt,
    )


def _render_range(status: RunStatus) -> str:
    """The choice of the epochs that are shown; short runs have none."""
    if status.epochs <= _LAST_EPOCHS:
        st.empty()
        return "all"
    return render_segments("Epochs shown", _RANGES, key="train_range")


@dataclass
class _BatchCurve:
    """The rows of one run's table by epoch and batch, and the position read so far."""

    run_id: str
    position: int = 0
    rows: dict[tuple[int, int], Row] = field(default_factory=dict)


def _read_batch_curve(run: Run, status: RunStatus) -> list[Row]:
    """Loss, accuracy and learning rate within the epochs.

    Returns:
        As the figures take them: `epoch` is a fraction. Each row is a mean over some batches.
    """
    curve = st.session_state.get(_BATCH_CURVE)
    if curve is None or curve.run_id != run.id:
        curve = st.session_state[_BATCH_CURVE] = _BatchCurve(run.id)
    rows, position = run.read_batches(curve.position)
    if position < curve.position:
        # A resume has shortened the table, which was read from its beginning again.
        curve.rows.clear()
    curve.position = position
    curve.rows.update({(int(row["epoch"]), int(row["batch"])): row for row in rows})
    keys = sorted(curve.rows)
    n_batches = status.batches or max((batch for _, batch in keys), default=1)
    points = [
        {key: row[key] for key in _QUANTITIES if key in row} | {"epoch": epoch + batch / n_batches}
        for epoch, batch in keys
        for row in [curve.rows[epoch, batch]]
    ]
    n = -(-len(points) // _MAX_POINTS) or 1
    return [_average(points[k : k + n]) for k in range(0, len(points), n)]


def _average(rows: list[Row]) -> Row:
    return {key: fmean(row[key] for row in rows if key in row) for key in rows[0]}
