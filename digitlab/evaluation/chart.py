"""One curve as SVG: what a printed report needs, without a script."""

from dataclasses import dataclass
from html import escape

import numpy as np

_WIDTH, _HEIGHT = 360, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 26, 40


@dataclass(frozen=True)
class Axis:
    """What an axis shows and from where to where."""

    label: str
    low: float
    high: float

    def place(self, values: np.ndarray, start: float, end: float) -> np.ndarray:
        """Values as pixels between `start` and `end`."""
        span = self.high - self.low or 1.0
        return start + (values - self.low) / span * (end - start)


def draw_chart(
    xs: np.ndarray, ys: np.ndarray, x_axis: Axis, y_axis: Axis, *, caption: str, even: bool = False
) -> str:
    """A curve through points, with its caption.

    Args:
        xs, ys: `(n,)`.
        even: draw the line on which both are equal.
    """
    left, right, top, bottom = _LEFT, _WIDTH - _RIGHT, _TOP, _HEIGHT - _BOTTOM
    columns, rows = x_axis.place(xs, left, right), y_axis.place(ys, bottom, top)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(columns, rows, strict=True))
    dots = ""
    if len(xs) <= 20:
        dots = "".join(
            f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"/>'
            for x, y in zip(columns, rows, strict=True)
        )
    diagonal = f'<path class="even" d="M{left} {bottom}L{right} {top}"/>' if even else ""
    middle = (left + right) / 2
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" '
        f'aria-label="{escape(_describe(xs, ys, x_axis, y_axis))}">'
        f'<path class="axis" fill="none" d="M{left} {top}V{bottom}H{right}"/>{diagonal}'
        f'<polyline class="line" points="{points}"/>{dots}{_label_ends(x_axis, y_axis)}'
        f'<text x="{middle}" y="{_HEIGHT - 4}" text-anchor="middle">{escape(x_axis.label)}</text>'
        f'<text x="{left}" y="{top - 12}">{escape(y_axis.label)}</text></svg>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _label_ends(x_axis: Axis, y_axis: Axis) -> str:
    left, right, top, bottom = _LEFT, _WIDTH - _RIGHT, _TOP, _HEIGHT - _BOTTOM
    return (
        f'<text x="{left}" y="{bottom + 14}" text-anchor="middle">{x_axis.low:g}</text>'
        f'<text x="{right}" y="{bottom + 14}" text-anchor="end">{x_axis.high:g}</text>'
        f'<text x="{left - 4}" y="{bottom}" text-anchor="end">{y_axis.low:.3g}</text>'
        f'<text x="{left - 4}" y="{top + 8}" text-anchor="end">{y_axis.high:.3g}</text>'
    )


def _describe(xs: np.ndarray, ys: np.ndarray, x_axis: Axis, y_axis: Axis) -> str:
    """The curve in words, for those who cannot see it."""
    steps = np.unique(np.linspace(0, len(xs) - 1, min(len(xs), 7)).astype(int))
    points = ", ".join(f"{xs[k]:.3g}: {ys[k]:.3g}" for k in steps)
    return f"{y_axis.label} against {x_axis.label}. {points}."
