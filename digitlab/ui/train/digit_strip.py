"""A person's digits and how the network read them after each epoch, as a table."""

from html import escape

import numpy as np
import streamlit as st

from digitlab.png import build_address, put_on_paper
from digitlab.reader import format_share
from digitlab.run_digits import DigitReadings


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
    thumbnail = build_address(put_on_paper(readings.images[k]))
    cells = "".join(
        _build_cell(readings.probabilities[e, k], label, int(epoch))
        for e, epoch in enumerate(readings.epochs)
    )
    return f'<tr><th scope="row"><img src="{thumbnail}" alt="{escape(meant)}"></th>{cells}</tr>'


def _build_cell(probabilities: np.ndarray, label: int, epoch: int) -> str:
    said = int(probabilities.argmax())
    share = float(probabilities[said])
    look = "unknown" if label < 0 else ("right" if said == label else "wrong")
    words = escape(f"After epoch {epoch}: {said}, {format_share(share)} sure")
    text = str(said) if said < 10 else "–"
    # Of ten classes, 10 % is as unsure as can be.
    strength = round(15 + 75 * max(0.0, share - 0.1) / 0.9)
    style = f"--strength:{strength}%"
    return f'<td class="cell-{look}" style="{style}" title="{words}">{text}</td>'
