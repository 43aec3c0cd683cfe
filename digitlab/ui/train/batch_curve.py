"""The running epoch's batches, read piece by piece as the worker writes them."""

from dataclasses import dataclass, field

import streamlit as st

from digitlab.run_status import RunStatus
from digitlab.runs import Run

_KEY = "train_batch_curve"
# A line of this many points is as fine as the screen.
_MAX_POINTS = 240


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
        As `learning_figure` takes them: `epoch` is a fraction; empty when nothing is trained.
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
