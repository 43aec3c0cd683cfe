"""Evaluate: see where a network fails, click through to the digits, understand why."""

import streamlit as st

from digitlab.errors import DigitlabError, ShelfError
from digitlab.shelf import ShelvedModel, list_models
from digitlab.ui.evaluate.address import enter_address
from digitlab.ui.evaluate.compare import render_compare
from digitlab.ui.evaluate.detail import render_chosen_digit
from digitlab.ui.evaluate.download import render_downloads
from digitlab.ui.evaluate.feature_map import render_feature_map
from digitlab.ui.evaluate.gallery import render_gallery
from digitlab.ui.evaluate.glance import render_data, render_figures
from digitlab.ui.evaluate.head import render_model_choice, render_view_choice
from digitlab.ui.evaluate.matrix import render_matrix
from digitlab.ui.evaluate.own_set import render_own_set
from digitlab.ui.evaluate.per_class import render_classes
from digitlab.ui.evaluate.robustness import render_robustness
from digitlab.ui.evaluate.style import render_evaluate_style
from digitlab.ui.evaluate.tested import Tested, load_tested
from digitlab.ui.evaluate.trust import render_trust
from digitlab.ui.shell import enter_through_app

NO_MODEL = (
    "There is no model on the shelf. Train one on the Train page and keep it, then look at it here."
)


def render_glance(tested: Tested) -> None:
    """Numbers in one row; matrix and digits side by side; the report to take away."""
    render_figures(tested)
    render_matrix(tested)
    render_downloads(tested, key="evaluate_report")


VIEWS = {
    "glance": render_glance,
    "mistakes": render_gallery,
    "classes": render_classes,
    "trust": render_trust,
    "robustness": render_robustness,
    "map": render_feature_map,
}


def render_page(models: dict[str, ShelvedModel]) -> None:
    """Choose a model and a view, show it, and open the digit that was clicked."""
    model = render_model_choice(models)
    view = render_view_choice()
    shown: Tested | None = load_tested(model)
    assert shown is not None
    if view == "own":
        shown = render_own_set(shown)
    elif view == "compare":
        render_data(shown)
        shown = render_compare(shown, models)
    else:
        if view != "glance":
            render_data(shown)
        VIEWS[view](shown)
    if shown is not None:
        render_chosen_digit(shown)


enter_through_app()
enter_address()
render_evaluate_style()
st.title("Evaluate")
try:
    on_shelf = {model.id: model for model in list_models()}
    if not on_shelf:
        raise ShelfError(NO_MODEL)
    render_page(on_shelf)
except DigitlabError as error:
    st.error(str(error))
