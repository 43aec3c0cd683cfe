"""The drawing canvas with the ink and paper that all pages use."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from digitlab.errors import DrawingError
from digitlab.ui.pen import PenReport, get_pen_report, render_pen

# The component's `json_data`.
Drawing = dict[str, Any]

# Dark ink on white paper in both themes.
_INK, _PAPER = "#1f2a44", "#ffffff"
# The canvas reports this property of the drawing that it was given, and nothing else that could
# tell one drawing from the next; on a canvas, unlike on an object, it has no other effect.
# Without it no stroke after Clear counts: tests/browser/test_pen.py.
_REVISION = "lockRotation"


def render_ink_canvas(
    width_px: int,
    height_px: int,
    *,
    pen_px: int,
    key: str,
    label: str,
    replacing_keys: Sequence[str],
    undo_key: str | None = None,
    is_live: bool = False,
) -> Drawing:
    """Render a canvas to draw on. It stays mounted while its drawing is replaced.

    Args:
        key: identifies the canvas; its drawing is kept while another page is open.
        label: its accessible name.
        replacing_keys: the widgets whose click calls `replace_drawing` once.
        undo_key: the button that Ctrl+Z presses.
        is_live: rerun also while the user draws.
    Returns:
        As `get_drawing`.
    """
    # Imported late: it registers a component, which only a running server allows.
    from streamlit_drawable_canvas import st_canvas

    state = st.session_state
    if key not in state and state.get(_kept(key)):
        # Mounted again: Streamlit dropped its state when the page was left.
        replace_drawing(key, state[_kept(key)])
    result = st_canvas(
        stroke_width=pen_px,
        stroke_color=_INK,
        background_color=_PAPER,
        width=width_px,
        height=height_px,
        # The canvas loads it whenever it differs from the last run's.
        initial_drawing=_get_loaded(key),
        key=key,
    )
    reported, loaded = result.json_data, _get_loaded(key)
    drawing = _choose_newer(reported, loaded)
    report = get_pen_report(_pen(key))
    render_pen(
        _pen(key),
        {
            "answered": report.id if report else None,
            "canvas": key,
            "isLive": is_live,
            "label": label,
            "penPx": pen_px,
            "replacing": list(replacing_keys),
            "reported": len(drawing["objects"]) - len(loaded["objects"]),
            "revision": loaded[_REVISION],
            "shown": _get_revision(reported or loaded),
            "undo": undo_key,
        },
    )
    state[_kept(key)] = drawing = _add_pen_strokes(drawing, loaded, report)
    return drawing


def get_drawing(key: str) -> Drawing:
    """The drawing so far; its `objects` are empty on a blank canvas.

    It contains strokes that the pen has reported and the canvas has not. Callbacks get it as the
    browser sent it last: a stroke may arrive together with a click.

    Raises:
        DrawingError: a stroke has invalid content.
    """
    # The layout of this state is the component's own; tests/app/test_canvas.py watches it.
    canvas = st.session_state.get(key) or {}
    loaded = _get_loaded(key)
    drawing = _choose_newer((canvas.get("drawing") or {}).get("raw"), loaded)
    return _add_pen_strokes(drawing, loaded, get_pen_report(_pen(key)))


def get_unchanged_revision(key: str) -> int | None:
    """How often the drawing was replaced; None if the user has drawn on it since."""
    loaded = _get_loaded(key)
    is_unchanged = len(get_drawing(key)["objects"]) == len(loaded["objects"])
    return _get_revision(loaded) if is_unchanged else None


def replace_drawing(key: str, drawing: Drawing | None) -> None:
    """Replace the drawing on a canvas in its next run; None clears it."""
    objects = drawing["objects"] if drawing else []
    loaded = {"objects": objects, _REVISION: _get_revision(_get_loaded(key)) + 1}
    st.session_state[f"{key}_loaded"] = st.session_state[_kept(key)] = loaded


def _get_loaded(key: str) -> Drawing:
    """The drawing that the canvas was given last."""
    loaded: Drawing = st.session_state.get(f"{key}_loaded") or {"objects": [], _REVISION: 0}
    return loaded


def _get_revision(drawing: Drawing) -> int:
    """How often the drawing on its canvas had been replaced."""
    return int(drawing.get(_REVISION, 0))


def _choose_newer(reported: Drawing | None, loaded: Drawing) -> Drawing:
    """What the canvas reported, unless it has been given another drawing since."""
    if reported and _get_revision(reported) == loaded[_REVISION]:
        return reported
    return loaded


def _add_pen_strokes(drawing: Drawing, loaded: Drawing, report: PenReport | None) -> Drawing:
    """Add the strokes that the canvas has not reported."""
    if report is None or report.revision != loaded[_REVISION]:
        return drawing
    n_reported = len(drawing["objects"]) - len(loaded["objects"])
    try:
        strokes = report.build_objects(n_reported)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DrawingError("The stroke cannot be read: it has invalid content.") from error
    return {**drawing, "objects": [*drawing["objects"], *strokes]} if strokes else drawing


def _kept(key: str) -> str:
    return f"{key}_kept"


def _pen(key: str) -> str:
    return f"{key}_pen"
