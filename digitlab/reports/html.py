"""The figures of a report in HTML: tables, small charts as SVG, digits as PNG."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from string import Template
from typing import Any

import numpy as np

from digitlab.evaluation.calibration import compute_coverage, compute_reliability
from digitlab.evaluation.metrics import normalise_confusion
from digitlab.evaluation.report import EvaluationReport
from digitlab.evaluation.robustness import CORRUPTIONS, Robustness
from digitlab.png import build_data_uri, to_dark_on_light

_WIDTH, _HEIGHT = 360, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 26, 40

_MAX_POINTS = 200

_STYLE = """
:root { color-scheme: light dark; --ink: #22262d; --paper: #faf8f4; --line: #d9d4c9;
  --blue: #2f5d9b; --quiet: #6b6f78; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e3dc; --paper: #1b1d21; --line: #3a3d44;
  --blue: #86b0e8; --quiet: #9a9ea8; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-weight: 600; } h2 { font-weight: 500; margin-top: 2.5rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); }
.facts th { text-align: left; font-weight: 400; color: var(--quiet); }
.facts td { text-align: left; }
.scroll { overflow-x: auto; } .note, footer, figcaption { color: var(--quiet); font-size: .9rem; }
.digits { display: flex; flex-wrap: wrap; gap: .6rem; padding: 0; }
.digits figure { margin: 0; width: 5.5rem; }
.digits img { width: 5.5rem; image-rendering: pixelated; }
svg { max-width: 100%; height: auto; } svg text { fill: currentColor; font-size: 11px; }
svg .axis { stroke: var(--line); } svg .line { stroke: var(--blue); fill: none; stroke-width: 2; }
svg .even { stroke: var(--quiet); stroke-dasharray: 4 4; } svg .dot { fill: var(--blue); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem; }
.charts figure { margin: 0; }
"""

_PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title><style>$style</style></head>
<body><h1>$title</h1>
$notes
$parts
<footer>Made by digitlab on $date.</footer>
</body></html>
""")


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


def draw_confusion(confusion: np.ndarray, names: Sequence[str]) -> str:
    """Counts as a table; the bluer a cell, the larger its share of the row's mistakes."""
    errors = normalise_confusion(confusion, hide_diagonal=True)
    most = max(float(np.nanmax(errors)), 1.0)
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    rows = []
    for i, name in enumerate(names):
        cells = []
        for j, count in enumerate(confusion[i]):
            share = 0 if i == j else float(errors[i, j]) / most
            tint = f' style="background:rgba(47,93,155,{0.15 + 0.6 * share:.2f})"' if share else ""
            cells.append(f"<td{tint}>{f'{count:,}' if count else '·'}</td>")
        rows.append(f"<tr><th>{escape(name)}</th>{''.join(cells)}</tr>")
    return (
        '<div class="scroll"><table><caption class="note">Rows: what it is. Columns: what was '
        f"answered.</caption><tr><th></th>{head}</tr>{''.join(rows)}</table></div>"
    )


def draw_per_digit(per_class: list[dict[str, Any]], names: Sequence[str]) -> str:
    """Precision, recall, F1 and support as a table."""
    rows = "".join(
        f"<tr><th>{escape(names[row['class']])}</th><td>{row['precision']:.4f}</td>"
        f"<td>{row['recall']:.4f}</td><td>{row['f1']:.4f}</td><td>{row['support']:,}</td></tr>"
        for row in per_class
    )
    head = "<tr><th></th><th>Precision</th><th>Recall</th><th>F1</th><th>Support</th></tr>"
    return f'<div class="scroll"><table>{head}{rows}</table></div>'


def draw_reliability(report: EvaluationReport) -> str:
    """Share right against confidence; the dashed line is honesty."""
    bins = compute_reliability(report.confidences, report.is_correct)
    is_there = bins.counts > 0
    return draw_chart(
        bins.confidences[is_there],
        bins.accuracies[is_there],
        Axis("confidence", 0, 1),
        Axis("share right", 0, 1),
        caption="On the dashed line an answer given with 80 % is right in 80 % of the cases.",
        even=True,
    )


def draw_coverage(report: EvaluationReport) -> str:
    """Accuracy against the share of digits answered."""
    curve = compute_coverage(report.confidences, report.is_correct)
    steps = np.unique(np.linspace(0, len(curve.thresholds) - 1, _MAX_POINTS).astype(int))
    accuracies = curve.accuracies[steps]
    return draw_chart(
        curve.coverages[steps],
        accuracies,
        Axis("share of the digits answered", 0, 1),
        Axis("share of these right", min(0.99, float(accuracies.min())), 1),
        caption="From left to right ever less confident answers are given too.",
    )


def draw_robustness(robustness: Robustness) -> str:
    """One small chart a corruption."""
    charts = []
    for key, curve in robustness.curves.items():
        strengths = np.array([point.strength for point in curve])
        charts.append(
            draw_chart(
                strengths,
                np.array([point.accuracy for point in curve]),
                Axis(CORRUPTIONS[key].unit, float(strengths.min()), float(strengths.max())),
                Axis("accuracy", 0, 1),
                caption=f"{CORRUPTIONS[key].label}, {robustness.n:,} digits.",
            )
        )
    return f'<div class="charts">{"".join(charts)}</div>'


def draw_digits(
    report: EvaluationReport, images: np.ndarray, indices: np.ndarray, names: Sequence[str]
) -> str:
    """Digits with what they are and what they were taken for."""
    figures = []
    for k in indices:
        true, answer = names[report.labels[k]], names[report.predictions[k]]
        text = f"{escape(true)} read as {escape(answer)}, {report.confidences[k]:.0%}"
        figures.append(
            f'<figure><img src="{build_data_uri(to_dark_on_light(images[k]))}" '
            f'alt="Test digit {k}">'
            f"<figcaption>{text}<br>no. {k}</figcaption></figure>"
        )
    return f'<div class="digits">{"".join(figures)}</div>'


@dataclass(frozen=True)
class Part:
    """One part of the page.

    Attributes:
        body: HTML, safe as it is.
        tag: the element around the body.
    """

    title: str
    body: str
    tag: str = "div"


def render_page(title: str, parts: list[Part], *, notes: list[str]) -> str:
    """A whole page.

    Args:
        title: plain text, as are the notes.
    """
    sections = (
        f"<section><h2>{escape(part.title)}</h2><{part.tag}>{part.body}</{part.tag}></section>"
        for part in parts
    )
    return _PAGE.substitute(
        title=escape(title),
        style=_STYLE,
        notes="".join(f'<p class="note">{escape(note)}</p>' for note in notes),
        parts="\n".join(sections),
        date=time.strftime("%d %B %Y"),
    )
