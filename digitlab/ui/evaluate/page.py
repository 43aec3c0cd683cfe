"""Evaluate: see where a network fails, click through to the digits, understand why."""

import streamlit as st

from digitlab.errors import DigitlabError, ModelStoreError
from digitlab.model_store.store import DEFAULT_MODEL_ID, StoredModel, list_models
from digitlab.ui.evaluate.calibration import render_calibration
from digitlab.ui.evaluate.class_metrics import render_class_metrics
from digitlab.ui.evaluate.confusion import render_confusion
from digitlab.ui.evaluate.evaluated_model import EvaluatedModel, load_evaluated_model
from digitlab.ui.evaluate.feature_map import render_feature_map
from digitlab.ui.evaluate.gallery import render_gallery
from digitlab.ui.evaluate.model_comparison import render_model_comparison
from digitlab.ui.evaluate.overview import render_data, render_downloads, render_figures
from digitlab.ui.evaluate.robustness import render_robustness
from digitlab.ui.evaluate.sample_detail import render_selected_sample
from digitlab.ui.evaluate.style import render_evaluate_style
from digitlab.ui.evaluate.url_state import (
    VIEWS,
    control,
    load_url_state,
    read_url_parameter,
    read_view,
    show_view,
    update_url,
)
from digitlab.ui.evaluate.user_test_set import render_user_test_set
from digitlab.ui.selectors import format_model_names, render_segments

NO_MODEL = (
    "There is no model on the shelf. Train one on the Train page and keep it, then look at it here."
)


def render_overview(tested: EvaluatedModel) -> None:
    """Numbers in one row; matrix and digits side by side; the report to take away."""
    render_figures(tested)
    render_confusion(tested)
    render_downloads(tested, key="evaluate_report")


_RENDERERS = {
    "glance": render_overview,
    "mistakes": render_gallery,
    "classes": render_class_metrics,
    "trust": render_calibration,
    "robustness": render_robustness,
    "map": render_feature_map,
}


def _render_model(models: dict[str, StoredModel]) -> None:
    """Choose a model and a view, show it, and open the digit that was clicked."""
    model = render_model_choice(models)
    view = render_view_choice()
    shown: EvaluatedModel | None = load_evaluated_model(model)
    assert shown is not None
    if view == "own":
        shown = render_user_test_set(shown)
    elif view == "compare":
        render_data(shown)
        shown = render_model_comparison(shown, models)
    else:
        if view != "glance":
            render_data(shown)
        _RENDERERS[view](shown)
    if shown is not None:
        render_selected_sample(shown)


def render_model_choice(models: dict[str, StoredModel]) -> StoredModel:
    """The models with their accuracy; what is to be known about the chosen one.

    Args:
        models: by their ids, at least one.
    """
    asked = read_url_parameter("model")
    if asked is not None and asked not in models:
        st.warning(f"There is no model {asked!r} on the shelf here: it was deleted, or the "
                   "address is wrong. Another one is shown.")  # fmt: skip
        asked = None
    usual = DEFAULT_MODEL_ID if DEFAULT_MODEL_ID in models else next(iter(models))
    model_id: str = st.selectbox(
        "Model",
        list(models),
        format_func=format_model_names(models).__getitem__,
        help="The network that is looked at, with its accuracy on test digits it never saw.",
        **control(
            "evaluate_model", asked or usual, lambda chosen: update_url(model=chosen, digit=None)
        ),
    )
    return models[model_id]


def render_view_choice() -> str:
    """The parts of the page; the chosen one's id."""
    return render_segments(
        "What to look at", VIEWS, **control("evaluate_view", read_view(), show_view)
    )


def render_page() -> None:
    """The evaluated model, the chosen view and the digit that was clicked."""
    load_url_state()
    render_evaluate_style()
    st.title("Evaluate")
    try:
        on_shelf = {model.id: model for model in list_models()}
        if not on_shelf:
            raise ModelStoreError(NO_MODEL)
        _render_model(on_shelf)
    except DigitlabError as error:
        st.error(str(error))
