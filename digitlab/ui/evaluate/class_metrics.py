"""Digit by digit: which are hard, which easy, and how each is told from the others."""

import numpy as np
import streamlit as st

from digitlab.evaluation.gallery import GalleryQuery
from digitlab.evaluation.metrics import compute_precision_recall
from digitlab.figures.per_class import (
    describe_per_class,
    describe_precision_recall,
    per_class_figure,
    precision_recall_figure,
)
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel
from digitlab.ui.evaluate.url_state import control, read_number, show_query, update_url
from digitlab.ui.streamlit_internals import callback

_PLAIN = {"displayModeBar": False}


def render_class_metrics(tested: EvaluatedModel) -> None:
    """Bars, a table, and one digit's curve."""
    rows, names = tested.report.metrics["per_class"], tested.class_names
    seen = [row for row in rows if row["support"]]
    if seen:
        hardest = min(seen, key=lambda row: row["f1"])
        easiest = max(seen, key=lambda row: row["f1"])
        st.markdown(
            f"Hardest: **{names[hardest['class']]}** (F1 {hardest['f1']:.2%}). "
            f"Easiest: **{names[easiest['class']]}** (F1 {easiest['f1']:.2%})."
        )
    st.plotly_chart(
        per_class_figure(rows, names), key="evaluate_per_class", config=_PLAIN,
        alt=describe_per_class(rows, names),
    )  # fmt: skip
    st.caption(
        "Precision: of all read as this, how many are. Recall: of all that are this, how many are "
        "read so. The axis does not begin at 0."
    )
    st.table(
        {
            "": [names[row["class"]] for row in rows],
            "Precision": [f"{row['precision']:.2%}" for row in rows],
            "Recall": [f"{row['recall']:.2%}" for row in rows],
            "F1": [f"{row['f1']:.2%}" for row in rows],
            "Support": [f"{row['support']:,}" for row in rows],
        },
        hide_index=True,
    )
    _render_curve(tested, [row["class"] for row in seen])


def _render_curve(tested: EvaluatedModel, classes: list[int]) -> None:
    asked = read_number("curve", len(tested.class_names))
    chosen: int = st.selectbox(
        "One against all others",
        classes,
        format_func=tested.class_names.__getitem__,
        **control(
            "evaluate_curve",
            asked if asked in classes else classes[0],
            lambda k: update_url(curve=str(k)),
        ),
    )
    report, name = tested.report, tested.class_names[chosen]
    curve = compute_precision_recall(report.labels, report.probabilities, chosen)
    st.plotly_chart(
        precision_recall_figure(curve.precision, curve.recall, curve.average_precision, name),
        key="evaluate_precision_recall",
        config=_PLAIN,
        alt=describe_precision_recall(curve.average_precision, name),
    )
    n_missed = int(np.sum((report.labels == chosen) & ~report.is_correct))
    if n_missed and not tested.names:
        st.button(
            f"See the {n_missed:,} it misses",
            key="evaluate_missed",
            icon=":material/grid_view:",
            on_click=callback(_show_missed),
            args=(chosen,),
        )


def _show_missed(k: int) -> None:
    show_query(GalleryQuery(true=k, correct=False))
    update_url(view="mistakes")
