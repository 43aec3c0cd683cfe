"""The answer to several digits: the whole number, large, and how sure each digit is."""

from collections.abc import Sequence

import streamlit as st

from digitlab.many import DigitInBox, tell_rows
from digitlab.reader import FAIRLY_SURE, SURE, format_share

# More doubts than this are not told one by one.
_MAX_TOLD = 2


def render_number(digits: Sequence[DigitInBox]) -> None:
    """Show all that was read, a line for each row.

    Args:
        digits: at least one, in reading order.
    """
    rows = ["".join(row) for row in tell_rows(digits)]
    # Long numbers and many rows are written smaller: nothing may run out of the page.
    size = min(6.5, 26 / max(map(len, rows)), 9 / len(rows))
    lines = "".join(f"<div>{row}</div>" for row in rows)
    shares = "".join(f"<li><b>{digit.text}</b> {_tell_share(digit)}</li>" for digit in digits)
    st.html(
        f'<div role="status" aria-live="polite">'
        f'<div class="number" data-testid="number" style="font-size:{size:.2f}rem">{lines}</div>'
        f'<div class="answer-words">{_describe_certainty(digits)}</div></div>'
        f'<ul class="number-shares" aria-label="How sure each digit is">{shares}</ul>'
    )


def _tell_share(digit: DigitInBox) -> str:
    return format_share(digit.answer.confidence) if digit.answer.is_digit else "no digit"


def _describe_certainty(digits: Sequence[DigitInBox]) -> str:
    """How sure it is of the whole, and which digits are in doubt."""
    answers = [digit.answer for digit in digits]
    if all(answer.is_digit and answer.confidence >= SURE for answer in answers):
        return "Sure"
    doubts = [
        f"digit {place} {doubt}"
        for place, answer in enumerate(answers, start=1)
        if (doubt := _describe_doubt(answer.is_digit, answer.confidence, answer.certainty))
    ]
    if not doubts:
        return "Fairly sure"
    told = "; ".join(doubts[:_MAX_TOLD])
    more = f"; and {len(doubts) - _MAX_TOLD} more" if len(doubts) > _MAX_TOLD else ""
    return f"In doubt: {told}{more}"


def _describe_doubt(is_digit: bool, confidence: float, certainty: str) -> str:
    if not is_digit:
        return "may be no digit"
    return f"is {certainty.partition(': ')[2]}" if confidence < FAIRLY_SURE else ""
