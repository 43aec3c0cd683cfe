"""The Evaluate page: how good a model is, where it fails, and why."""

from collections.abc import Callable

import streamlit as st

from digitlab.errors import DigitlabError, ModelStoreError
from digitlab.model_store.store import DEFAULT_MODEL_ID, list_damaged_models, list_models
from digitlab.model_store.stored_model import StoredModel
from digitlab.ui.evaluate.calibration import render_calibration
from digitlab.ui.evaluate.class_metrics import render_class_metrics
from digitlab.ui.evaluate.evaluated_model import (
    EvaluatedModel,
    ShownSamples,
    load_evaluated_model,
)
from digitlab.ui.evaluate.feature_map import render_feature_map
from digitlab.ui.evaluate.gallery import render_gallery
from digitlab.ui.evaluate.model_comparison import render_model_comparison
from digitlab.ui.evaluate.overview import render_data_caption, render_overview
from digitlab.ui.evaluate.robustness import render_robustness
from digitlab.ui.evaluate.sample_detail import render_selected_sample
from digitlab.ui.evaluate.style import render_evaluate_style
from digitlab.ui.evaluate.url_state import (
    GALLERY_VIEW,
    USER_TEST_SET_VIEW,
    bind_widget,
    load_url_state,
    read_url_parameter,
    show_view,
    update_url,
)
from digitlab.ui.evaluate.user_test_set import render_user_test_set
from digitlab.ui.frame import page_header
from digitlab.ui.selectors import (
    View,
    format_model_names,
    get_labels,
    get_view,
    render_segments,
)
from digitlab.ui.text import escape_label, escape_markdown, render_error
from digitlab.ui.visitor import get_owner

# Takes the chosen model on its test set. Returns the samples that the view shows, of this or of
# another model or test set; a click opens one. None if there are no samples.
RenderView = Callable[[EvaluatedModel], ShownSamples | None]

# A new view is a file with such a function, and a row here.
VIEWS: tuple[View[RenderView], ...] = (
    View("overview", "Overview", render_overview),
    View(GALLERY_VIEW, "Images", render_gallery),
    View("per_class", "Per class", render_class_metrics),
    View("calibration", "Calibration", render_calibration),
    View("robustness", "Robustness", render_robustness),
    View("comparison", "Compare", render_model_comparison),
    View("feature_map", "Feature map", render_feature_map),
    View(USER_TEST_SET_VIEW, "Your test set", render_user_test_set),
)


def render_page() -> None:
    """Render the chosen model, the chosen view and the sample that was clicked."""
    load_url_state()
    render_evaluate_style()
    with page_header("Evaluate"):
        view = _render_view_choice()
    try:
        models = {model.id: model for model in list_models(viewer=get_owner())}
        if not models:
            raise ModelStoreError(
                "There is no model. Train one on the Train page and save it, then evaluate it here."
            )
        shown = view.render(_render_model(models))
        if shown is not None:
            render_selected_sample(shown)
    except DigitlabError as error:
        render_error(error)


def _render_model(models: dict[str, StoredModel]) -> EvaluatedModel:
    """Render the choice of the model, its test set, and remarks on the data.

    Args:
        models: by id, at least one.
    """
    requested = read_url_parameter("model")
    if requested is not None and requested not in models:
        _render_missing_model(requested)
        requested = None
    with st.container(horizontal=True, vertical_alignment="center", key="evaluate_model_row"):
        model = _render_model_choice(models, requested)
        evaluated = load_evaluated_model(model)
        render_data_caption(evaluated)
    for note in evaluated.data["notes"]:
        st.warning(escape_markdown(note), icon=":material/info:")
    return evaluated


def _render_model_choice(models: dict[str, StoredModel], requested: str | None) -> StoredModel:
    """Models with their accuracy."""
    default = DEFAULT_MODEL_ID if DEFAULT_MODEL_ID in models else next(iter(models))
    model_id: str = st.selectbox(
        "Model",
        list(models),
        format_func=format_model_names(models).__getitem__,
        label_visibility="collapsed",
        width=300,
        **bind_widget(
            "evaluate_model",
            requested or default,
            lambda chosen: update_url(model=chosen, sample=None),
        ),
    )
    return models[model_id]


def _render_missing_model(model_id: str) -> None:
    problem = list_damaged_models().get(model_id)
    if problem is None:
        st.warning(
            f"There is no model “{escape_label(model_id)}”: it was deleted, or the "
            "link is wrong. Another model is shown."
        )
    else:
        st.warning(f"{escape_markdown(problem)} Another model is shown.")


def _render_view_choice() -> View[RenderView]:
    view = get_view(VIEWS, read_url_parameter("view"))
    chosen = render_segments(
        "View", get_labels(VIEWS), **bind_widget("evaluate_view", view.id, show_view)
    )
    return get_view(VIEWS, chosen)
