"""The recipes as a grid of buttons that fill the form."""

from dataclasses import dataclass

import streamlit as st

from digitlab.datasets.loading import measure_download_bytes
from digitlab.datasets.registry import get_dataset_spec
from digitlab.model_store.store import list_models
from digitlab.quantities import format_rough_duration
from digitlab.runs.duration import estimate_duration_s
from digitlab.synthesis.dataset import PEN_SOURCE, list_missing_pen_files
from digitlab.training.config import TrainConfig
from digitlab.training.fields import WEIGHTS_LABELS
from digitlab.training.pretrained import describe_missing_weights
from digitlab.training.recipes import RECIPES, Recipe, find_recipe
from digitlab.ui.streamlit_internals import callback
from digitlab.ui.train.form import fill_form
from digitlab.ui.train.slowness import measure_slowness
from digitlab.ui.visitor import get_owner


@dataclass(frozen=True)
class _Need:
    """Something that is not on this machine: an icon and two words for the card, a sentence."""

    icon: str
    label: str
    help: str


def render_recipes(config: TrainConfig | list[str]) -> None:
    """Render a button for each recipe; the one that matches the form is outlined."""
    chosen = find_recipe(config) if isinstance(config, TrainConfig) else None
    slowness = measure_slowness()
    with st.container(key="train_recipes"):
        for recipe_id, recipe in RECIPES.items():
            state = "chosen" if recipe_id == chosen else "other"
            with st.container(key=f"train_card_{state}_{recipe_id}"):
                duration = format_rough_duration(estimate_duration_s(recipe.config, slowness))
                needs = _list_needs(recipe.config)
                st.button(
                    _format_label(recipe, duration, needs),
                    key=f"train_recipe_{recipe_id}",
                    help=_format_help(recipe, duration, needs),
                    width="stretch",
                    on_click=callback(fill_form),
                    args=(recipe.config,),
                )


def _format_label(recipe: Recipe, duration: str, needs: list[_Need]) -> str:
    """Name, one line, the time it takes and what it needs, as Markdown."""
    facts = [f":material/schedule: {duration}"]
    facts += [f":material/{need.icon}: {need.label}" for need in needs]
    return f"**{recipe.label}**  \n{recipe.summary}  \n{'&ensp;'.join(facts)}"


def _format_help(recipe: Recipe, duration: str, needs: list[_Need]) -> str:
    sentences = [recipe.help, f"Takes about {duration.removeprefix('< ')} on this machine."]
    return " ".join(sentences + [need.help for need in needs])


def _list_needs(config: TrainConfig) -> list[_Need]:
    """What a run needs that is not on this machine."""
    needs = []
    if n_bytes := measure_download_bytes(config.dataset):
        size = f"{n_bytes / 1e6:.0f} MB"
        label = get_dataset_spec(config.dataset).base_spec.label
        needs.append(_Need("download", size, f"Downloads {size} first: {label}."))
    if get_dataset_spec(config.dataset).synthesis == "handwriting" and list_missing_pen_files():
        sentence = f"The pen strokes are missing: {PEN_SOURCE}."
        needs.append(_Need("error", "strokes", sentence))
    if missing := describe_missing_weights(config):
        needs.append(_Need("download", "weights", missing))
    if config.init_from not in {
        *WEIGHTS_LABELS,
        *(model.id for model in list_models(viewer=get_owner())),
    }:
        sentence = f"The model {config.init_from} is missing."
        needs.append(_Need("error", "weights", sentence))
    return needs
