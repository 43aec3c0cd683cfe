"""Two models on the same digits: what one alone reads right, and whether it is chance."""

import numpy as np
import streamlit as st

from digitlab.evaluation.comparison import Comparison, compare_reports
from digitlab.figures.confusion import difference_figure
from digitlab.model_store.store import ShelvedModel
from digitlab.ui.evaluate.evaluated_model import Tested, load_tested
from digitlab.ui.evaluate.thumbnail_grid import render_wall
from digitlab.ui.evaluate.url_state import control, read_address, turn_to
from digitlab.ui.selectors import choose_part, name_models

_N_SHOWN = 60


def render_compare(tested: Tested, models: dict[str, ShelvedModel]) -> Tested:
    """Choose the second model; numbers, test, digits, difference of the matrices.

    Returns:
        The model whose answers are shown: a digit that is clicked opens with them.
    Raises:
        ShelfError: the second model's report is damaged, or of other digits.
    """
    others = {key: model for key, model in models.items() if key != tested.model.id}
    if not others:
        st.info("There is only one model on the shelf. Train another and keep it to compare.")
        return tested
    asked = read_address("other")
    chosen: str = st.selectbox(
        "Compare with",
        list(others),
        format_func=name_models(models).__getitem__,
        **control(
            "evaluate_other",
            asked if asked in others else next(iter(others)),
            lambda key: turn_to(other=key),
        ),
    )
    second = load_tested(others[chosen])
    comparison = compare_reports(tested.report, second.report)
    _render_numbers(tested, second)
    st.markdown(comparison.describe(tested.model.label, second.model.label))
    wrong = _render_digits(tested, second, comparison)
    _render_difference(tested, second, comparison)
    return wrong


def _render_numbers(first: Tested, second: Tested) -> None:
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


def _tell_accuracy(tested: Tested) -> str:
    low, high = tested.report.metrics["interval"]
    return f"{tested.report.accuracy:.2%} ({low:.2%} to {high:.2%})"


def _render_digits(first: Tested, second: Tested, comparison: Comparison) -> Tested:
    """Digits that one or both read wrong; the model whose answers stand below them."""
    groups = {
        "first": (f"Only {first.model.label} reads right", comparison.only_first, second),
        "second": (f"Only {second.model.label} reads right", comparison.only_second, first),
        "both": ("Both read wrong", comparison.both_wrong, first),
    }
    asked = read_address("group")
    which = choose_part(
        "Which digits",
        {key: f"{title} ({len(indices):,})" for key, (title, indices, _) in groups.items()},
        **control(
            "evaluate_compare_group",
            asked if asked in groups else "first",
            lambda chosen: turn_to(group=chosen),
        ),
    )
    title, indices, wrong = groups[which]
    if not len(indices):
        st.caption("There is none.")
        return wrong
    # Shown with the wrong answers, the most confident first.
    order = np.argsort(-wrong.report.confidences[indices], kind="stable")
    shown = indices[order][:_N_SHOWN]
    render_wall(
        wrong, shown, key="evaluate_compare_wall", label=title,
        on_pick=lambda index: turn_to(digit=str(index)),
    )  # fmt: skip
    beyond = f" The first {_N_SHOWN} of {len(indices):,}." if len(indices) > _N_SHOWN else ""
    st.caption(f"Below each digit, what {wrong.model.label} says.{beyond}")
    return wrong


def _render_difference(first: Tested, second: Tested, comparison: Comparison) -> None:
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
