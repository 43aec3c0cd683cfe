"""How the network classifies the user's digits, epoch by epoch."""

from html import escape

import numpy as np
import streamlit as st

from digitlab.inference.reader import format_percent
from digitlab.png import build_data_uri, to_dark_on_light
from digitlab.runs.tables import DigitReadings


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
        '<p class="strip-title">Predictions for your digits, by epoch</p>'
        '<div class="strip-scroll"><table class="digit-strip" aria-label="Predictions by epoch">'
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
    n_labelled = int(is_labelled.sum())
    if n_labelled == 1:
        return f"Your digit is classified {'correctly' if n_correct else 'incorrectly'}."
    return f"{n_correct} of your {n_labelled} digits are classified correctly."


def _build_digit_row(readings: DigitReadings, k: int) -> str:
    label = int(readings.labels[k])
    alt = f"your {label}" if label >= 0 else f"your digit number {k + 1}"
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
    title = escape(f"After epoch {epoch}: {prediction}, {format_percent(confidence)} confidence")
    # The class after the ten digits is "no digit".
    text = str(prediction) if prediction < 10 else "–"
    # With ten classes the confidence is at least 10 %.
    strength = round(15 + 75 * max(0.0, confidence - 0.1) / 0.9)
    style = f"--strength:{strength}%"
    return f'<td class="cell-{result}" style="{style}" title="{title}">{text}</td>'
