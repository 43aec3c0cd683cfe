"""Two models on the same test set: where only one is right, and whether that may be chance."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from digitlab.evaluation.comparison import Comparison, compare_reports
from digitlab.figures.confusion import difference_figure
from digitlab.figures.theme import PLOTLY_CONFIG
from digitlab.model_store.store import list_models
from digitlab.model_store.stored_model import StoredModel
from digitlab.ui.evaluate.evaluated_model import (
    EvaluatedModel,
    ShownSamples,
    load_evaluated_model,
)
from digitlab.ui.evaluate.thumbnail_grid import render_thumbnail_grid
from digitlab.ui.evaluate.url_state import bind_widget, read_url_parameter, update_url
from digitlab.ui.selectors import format_model_names, render_segments
from digitlab.ui.text import escape_label, escape_markdown, shorten
from digitlab.ui.visitor import get_owner

_MAX_SAMPLES = 60


def render_model_comparison(evaluated: EvaluatedModel) -> ShownSamples:
    """Render the choice of the second model, the metrics of both, the test and the samples.

    Returns:
        The samples, of the model whose predictions they show.
    Raises:
        ModelStoreError: the second model's report is damaged, or of another test set.
    """
    models = {model.id: model for model in list_models(viewer=get_owner())}
    left, right = st.columns([1, 1.15], gap="medium")
    with left:
        other = _render_other_choice(evaluated.model, models)
    if other is None:
        st.info("There is only one model. Train another one to compare.")
        return ShownSamples.of_errors(evaluated)
    second = load_evaluated_model(other)
    comparison = compare_reports(evaluated.report, second.report)
    with left:
        _render_metrics(evaluated, second)
        summary = comparison.describe(shorten(evaluated.model.label), shorten(second.model.label))
        st.markdown(escape_markdown(summary))
    with right:
        shown = _render_samples(evaluated, second, comparison)
    _render_difference(evaluated, second, comparison)
    return shown


def _render_other_choice(model: StoredModel, models: dict[str, StoredModel]) -> StoredModel | None:
    others = [model_id for model_id in models if model_id != model.id]
    if not others:
        return None
    requested = read_url_parameter("other")
    dataset = model.card["data"]["dataset"]
    comparable = [other for other in others if models[other].card["data"]["dataset"] == dataset]
    chosen: str = st.selectbox(
        "Compare with",
        others,
        format_func=format_model_names(models).__getitem__,
        **bind_widget(
            "evaluate_other",
            requested if requested in others else (comparable or others)[0],
            lambda model_id: update_url(other=model_id),
        ),
    )
    return models[chosen]


def _format_accuracy(evaluated: EvaluatedModel) -> str:
    low, high = evaluated.report.metrics["interval"]
    return f"{evaluated.report.accuracy:.2%} ({low:.2%} to {high:.2%})"


# The rows of the table of metrics.
_METRICS: dict[str, Callable[[EvaluatedModel], str]] = {
    "Test set": lambda evaluated: escape_markdown(evaluated.data["label"]),
    "Accuracy": _format_accuracy,
    "Errors": lambda evaluated: f"{int((~evaluated.report.is_correct).sum()):,}",
    "Loss": lambda evaluated: f"{evaluated.report.metrics['loss']:.4f}",
    "F1": lambda evaluated: f"{evaluated.report.metrics['macro']['f1']:.4f}",
    "ECE": lambda evaluated: f"{evaluated.report.metrics['calibration_error']:.2%}",
    "Size": lambda evaluated: f"{evaluated.model.size_bytes / 1e6:.2f} MB",
}


def _render_metrics(first: EvaluatedModel, second: EvaluatedModel) -> None:
    names = [escape_label(evaluated.model.label) for evaluated in (first, second)]
    if names[0] == names[1]:
        names = [first.model.id, second.model.id]
    columns = {
        name: [format_metric(one) for format_metric in _METRICS.values()]
        for name, one in zip(names, (first, second), strict=True)
    }
    st.table({"": list(_METRICS)} | columns, hide_index=True)


def _render_samples(
    first: EvaluatedModel, second: EvaluatedModel, comparison: Comparison
) -> ShownSamples:
    """Samples that one model or both get wrong, the most confident errors first."""
    first_label, second_label = (shorten(evaluated.model.label) for evaluated in (first, second))
    groups = {
        "first": (f"Only {first_label} correct", comparison.only_first, second),
        "second": (f"Only {second_label} correct", comparison.only_second, first),
        "both": ("Both wrong", comparison.both_wrong, first),
    }
    requested = read_url_parameter("group")
    group = render_segments(
        f"Which {first.noun}s",
        {
            key: f"{escape_markdown(title)} ({len(indices):,})"
            for key, (title, indices, _) in groups.items()
        },
        **bind_widget(
            "evaluate_compare_group",
            requested if requested in groups else "first",
            lambda chosen: update_url(group=chosen),
        ),
    )
    title, indices, shown = groups[group]
    if not len(indices):
        st.caption(f"There are no such {first.noun}s.")
        return ShownSamples(shown, indices)
    indices = indices[np.argsort(-shown.report.confidences[indices], kind="stable")]
    render_thumbnail_grid(shown, indices[:_MAX_SAMPLES], key="evaluate_compare_grid", label=title)
    n_shown = (
        f" The first {_MAX_SAMPLES} of {len(indices):,}." if len(indices) > _MAX_SAMPLES else ""
    )
    st.caption(
        f"Below each {first.noun}, the prediction of {escape_label(shown.model.label)}, the most "
        f"confident errors first.{n_shown}"
    )
    return ShownSamples(shown, indices)


def _render_difference(
    first: EvaluatedModel, second: EvaluatedModel, comparison: Comparison
) -> None:
    first_label, second_label = (shorten(evaluated.model.label) for evaluated in (first, second))
    st.plotly_chart(
        difference_figure(
            comparison.difference, first.class_names, is_dark=st.context.theme.type == "dark"
        ),
        key="evaluate_difference",
        config=PLOTLY_CONFIG,
        alt=f"Confusion matrix of {second_label} minus that of {first_label}.",
    )
    st.caption(
        escape_markdown(
            f"How many more (+) or fewer (−) images {second_label} has in each cell than "
            f"{first_label}. Green is better, red is worse."
        )
    )
