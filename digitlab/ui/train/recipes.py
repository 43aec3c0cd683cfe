"""The recipes as cards: one click fills the form."""

import streamlit as st

from digitlab.errors import ConfigError
from digitlab.training.config import TrainConfig
from digitlab.training.recipes import RECIPES
from digitlab.ui.callbacks import callback
from digitlab.ui.train.form import fill_form
from digitlab.ui.train.start import find_recipe


def render_recipes(config: TrainConfig | ConfigError) -> None:
    """A card a recipe; the one whose settings stand in the form is outlined."""
    chosen = find_recipe(config) if isinstance(config, TrainConfig) else None
    with st.container(horizontal=True, key="train_recipes"):
        for recipe_id, recipe in RECIPES.items():
            mark = "chosen" if recipe_id == chosen else "other"
            with st.container(border=True, key=f"train_card_{mark}_{recipe_id}"):
                st.button(
                    recipe.label,
                    key=f"train_recipe_{recipe_id}",
                    type="tertiary",
                    icon=":material/check:" if recipe_id == chosen else None,
                    on_click=callback(fill_form),
                    args=(recipe.config,),
                )
                st.caption(recipe.teaches)
