"""The figures of a report in HTML: tables, small charts as SVG, digits as PNG."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from digitlab.evaluation.chart import Axis, draw_chart
from digitlab.evaluation.corruptions import CORRUPTIONS
from digitlab.evaluation.metrics import normalise_confusion
from digitlab.evaluation.report import EvaluationReport
from digitlab.evaluation.robustness import Robustness
from digitlab.evaluation.trust import compute_coverage, compute_reliability
from digitlab.png import build_address, put_on_paper

_MAX_POINTS = 200


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
    bins = compute_reliability(report.confidences, report.is_right)
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
    curve = compute_coverage(report.confidences, report.is_right)
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
            f'<figure><img src="{build_address(put_on_paper(images[k]))}" alt="Test digit {k}">'
            f"<figcaption>{text}<br>no. {k}</figcaption></figure>"
        )
    return f'<div class="digits">{"".join(figures)}</div>'
