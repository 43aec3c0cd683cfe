"""Two models on the same digits: what one alone reads right, and whether it is chance."""

import numpy as np
import streamlit as st

from digitlab.evaluation.comparison import Comparison, compare_reports
from digitlab.figures.confusion import difference_figure
from digitlab.model_store.store import StoredModel
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel, load_evaluated_model
from digitlab.ui.evaluate.thumbnail_grid import render_thumbnail_grid
from digitlab.ui.evaluate.url_state import control, read_url_parameter, update_url
from digitlab.ui.selectors import format_model_names, render_segments

_N_SHOWN = 60


def render_model_comparison(
    tested: EvaluatedModel, models: dict[str, StoredModel]
) -> EvaluatedModel:
    """Choose the second model; numbers, test, digits, difference of the matrices.

    Returns:
        The model whose answers are shown: a digit that is clicked opens with them.
    Raises:
        ModelStoreError: the second model's report is damaged, or of other digits.
    """
    others = {key: model for key, model in models.items() if key != tested.model.id}
    if not others:
        st.info("There is only one model on the shelf. Train another and keep it to compare.")
        return tested
    asked = read_url_parameter("other")
    chosen: str = st.selectbox(
        "Compare with",
        list(others),
        format_func=format_model_names(models).__getitem__,
        **control(
            "evaluate_other",
            asked if asked in others else next(iter(others)),
            lambda key: update_url(other=key),
        ),
    )
    second = load_evaluated_model(others[chosen])
    comparison = compare_reports(tested.report, second.report)
    _render_numbers(tested, second)
    st.markdown(comparison.describe(tested.model.label, second.model.label))
    wrong = _render_digits(tested, second, comparison)
    _render_difference(tested, second, comparison)
    return wrong


def _render_numbers(first: EvaluatedModel, second: EvaluatedModel) -> None:
    rows = {
        "Accuracy": [_tell_accuracy(one) for one in (first, second)],
        "Loss": [f"{one.report.metrics['loss']:.4f}" for one in (first, second)],
        "F1": [f"{one.report.metrics['macro']['f1']:.4f}" for one in (first, second)],
        "Calibration error": [
            f"{one.report.metrics['calibration_error']:.2%}" for one in (first, second)
        ],
        "Size": [
            f"{one.model.card['files']['model.tflite']['bytes'] / 1e6:.2f} MB"
            for one in (first, second)
        ],
    }
    names = [first.model.label, second.model.label]
    if names[0] == names[1]:
        names = [first.model.id, second.model.id]
    st.table(
        {"": list(rows)}
        | {name: [values[k] for values in rows.values()] for k, name in enumerate(names)},
        hide_index=True,
    )


def _tell_accuracy(tested: EvaluatedModel) -> str:
    low, high = tested.report.metrics["interval"]
    return f"{tested.report.accuracy:.2%} ({low:.2%} to {high:.2%})"


def _render_digits(
    first: EvaluatedModel, second: EvaluatedModel, comparison: Comparison
) -> EvaluatedModel:
    """Digits that one or both read wrong; the model whose answers stand below them."""
    groups = {
        "first": (f"Only {first.model.label} reads right", comparison.only_first, second),
        "second": (f"Only {second.model.label} reads right", comparison.only_second, first),
        "both": ("Both read wrong", comparison.both_wrong, first),
    }
    asked = read_url_parameter("group")
    which = render_segments(
        "Which digits",
        {key: f"{title} ({len(indices):,})" for key, (title, indices, _) in groups.items()},
        **control(
            "evaluate_compare_group",
            asked if asked in groups else "first",
            lambda chosen: update_url(group=chosen),
        ),
    )
    title, indices, wrong = groups[which]
    if not len(indices):
        st.caption("There is none.")
        return wrong
    # Shown with the wrong answers, the most confident first.
    order = np.argsort(-wrong.report.confidences[indices], kind="stable")
    shown = indices[order][:_N_SHOWN]
    render_thumbnail_grid(
        wrong, shown, key="evaluate_compare_wall", label=title,
        on_pick=lambda index: update_url(digit=str(index)),
    )  # fmt: skip
    beyond = f" The first {_N_SHOWN} of {len(indices):,}." if len(indices) > _N_SHOWN else ""
    st.caption(f"Below each digit, what {wrong.model.label} says.{beyond}")
    return wrong


def _render_difference(
    first: EvaluatedModel, second: EvaluatedModel, comparison: Comparison
) -> None:
    st.plotly_chart(
        difference_figure(
            comparison.difference, first.class_names, is_dark=st.context.theme.type == "dark"
        ),
        key="evaluate_difference",
        config={"displayModeBar": False},
        alt=f"Confusion matrix of {second.model.label} less that of {first.model.label}.",
    )
    st.caption(
        f"How many more (+) or fewer (−) of each kind {second.model.label} has than "
        f"{first.model.label}. Green is better, red is worse."
    )
