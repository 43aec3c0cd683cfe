"""Precision, recall and F1 of each class."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from digitlab.evaluation.gallery import GalleryQuery
from digitlab.evaluation.metrics import compute_precision_recall
from digitlab.figures.class_names import MANY_CLASSES
from digitlab.figures.per_class import (
    describe_per_class,
    describe_precision_recall,
    per_class_figure,
    precision_recall_figure,
)
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel, ShownSamples
from digitlab.ui.evaluate.url_state import bind_widget, read_index, show_gallery, update_url
from digitlab.ui.metric_help import F1_HELP, PRECISION_HELP, RECALL_HELP
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.text import escape_markdown, shorten

# Of a class name in the table, which has four more columns.
_MAX_NAME_LENGTH = 24


def render_class_metrics(evaluated: EvaluatedModel) -> ShownSamples:
    """Render a chart and a table of all classes, and the precision-recall curve of one."""
    rows, names = evaluated.report.metrics["per_class"], evaluated.class_names
    present = [row for row in rows if row["support"]]
    hardest = min(present, key=lambda row: row["f1"])
    easiest = max(present, key=lambda row: row["f1"])
    left, right = st.columns([1.3, 1], gap="medium")
    with left:
        st.plotly_chart(
            per_class_figure(rows, names), key="evaluate_per_class", config=PLOTLY_CONFIG,
            alt=describe_per_class(rows, names),
        )  # fmt: skip
        _render_curve(evaluated, [row["class"] for row in present])
    with right:
        st.markdown(
            f"Hardest: **{escape_markdown(names[hardest['class']])}** (F1 {hardest['f1']:.2%}). "
            f"Easiest: **{escape_markdown(names[easiest['class']])}** (F1 {easiest['f1']:.2%}).",
            help="\n\n".join((PRECISION_HELP, RECALL_HELP, F1_HELP)),
        )
        _render_table(rows, names)
    return ShownSamples.of_errors(evaluated)


def _render_table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    # A long table scrolls, and shows names as they are.
    has_many = len(rows) > MANY_CLASSES
    show = st.dataframe if has_many else st.table
    show(
        {
            "Class": [
                names[row["class"]]
                if has_many
                else escape_markdown(shorten(names[row["class"]], _MAX_NAME_LENGTH))
                for row in rows
            ],
            "Precision": [f"{row['precision']:.2%}" for row in rows],
            "Recall": [f"{row['recall']:.2%}" for row in rows],
            "F1": [f"{row['f1']:.2%}" for row in rows],
            "Support": [f"{row['support']:,}" for row in rows],
        },
        hide_index=True,
    )


def _render_curve(evaluated: EvaluatedModel, classes: list[int]) -> None:
    requested = read_index("curve", len(evaluated.class_names))
    row = st.container(horizontal=True, vertical_alignment="bottom")
    chosen: int = row.selectbox(
        "Precision-recall curve of",
        classes,
        format_func=evaluated.class_names.__getitem__,
        **bind_widget(
            "evaluate_curve",
            requested if requested in classes else classes[0],
            lambda k: update_url(curve=str(k)),
        ),
    )
    report, name = evaluated.report, evaluated.class_names[chosen]
    curve = compute_precision_recall(report.labels, report.probabilities, chosen)
    st.plotly_chart(
        precision_recall_figure(curve.precision, curve.recall, curve.average_precision, name),
        key="evaluate_precision_recall",
        config=PLOTLY_CONFIG,
        alt=describe_precision_recall(curve.average_precision, name),
    )
    n_missed = int(np.sum((report.labels == chosen) & ~report.is_correct))
    if n_missed and not evaluated.names:
        row.button(
            f"Show the {n_missed:,} false negative{'s' * (n_missed > 1)}",
            key="evaluate_missed",
            icon=":material/grid_view:",
            on_click=callback(show_gallery),
            args=(GalleryQuery(true=chosen, correct=False),),
        )
