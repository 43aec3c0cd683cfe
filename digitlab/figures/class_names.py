"""Class names in figures. Plotly reads text as a kind of HTML, and names come from users."""

from collections.abc import Sequence
from html import escape
from typing import Any

# From this number of classes on a chart has no room for all of them.
MANY_CLASSES = 20
_MAX_LENGTH = 14
_MAX_TICKS = 25


def escape_text(text: str) -> str:
    """Escape text so that plotly shows it literally, also in a hover template."""
    return escape(text, quote=False).replace("%", "&#37;")


def shorten_class_name(name: str) -> str:
    """A class name for a tick or a legend: at most 14 characters, escaped."""
    short = name if len(name) <= _MAX_LENGTH else name[: _MAX_LENGTH - 1] + "…"
    return escape_text(short)


def build_class_axis(class_names: Sequence[str]) -> dict[str, Any]:
    """The ticks of an axis on which class k is at k; of many classes, evenly spaced ones.

    Positions rather than names, because two shortened names may be equal.
    """
    step = -(-len(class_names) // _MAX_TICKS) if len(class_names) > MANY_CLASSES else 1
    shown = range(0, len(class_names), step)
    return {
        "type": "linear",
        "tickmode": "array",
        "tickvals": list(shown),
        "ticktext": [shorten_class_name(class_names[k]) for k in shown],
        "range": [-0.6, len(class_names) - 0.4],
        # Otherwise a long label at the edge would be hidden.
        "ticklabeloverflow": "allow",
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }
