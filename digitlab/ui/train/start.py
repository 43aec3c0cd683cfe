"""The Start button, and why it cannot be pressed or had better not be."""

import importlib.util
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from digitlab.datasets.registry import DATASETS
from digitlab.errors import ConfigError
from digitlab.nets.architectures import NETS
from digitlab.runs.control import start_run
from digitlab.runs.queue import read_line
from digitlab.runs.run import create_run
from digitlab.training.config import TrainConfig
from digitlab.training.config_warnings import find_config_warnings
from digitlab.training.recipes import RECIPES
from digitlab.ui.train.form import Values, prepare_form
from digitlab.ui.train.run_actions import report_errors
from digitlab.ui.train.run_choice import show_run
from digitlab.ui.train.user_digits import get_user_digits

# What the person's digits are: grey, 28 px.
_DIGIT_SHAPE = (28, 28)


def is_training_installed() -> bool:
    """Whether the worker's packages are there; right after the first start they may not be."""
    return importlib.util.find_spec("keras") is not None


def read_form(values: Values) -> TrainConfig | ConfigError:
    """The settings in the form, or why they cannot be used."""
    try:
        return TrainConfig(**values)
    except ConfigError as error:
        return error


def find_recipe(config: TrainConfig) -> str | None:
    """The id of the recipe that has just these settings, if any."""
    return next((key for key, recipe in RECIPES.items() if recipe.config == config), None)


def render_start(config: TrainConfig | ConfigError) -> None:
    """The button; below it, what is wrong or odd about the settings."""
    is_installed = is_training_installed()
    is_good = isinstance(config, TrainConfig)
    n_before = len(read_line())
    st.button(
        "Start training" if not n_before else "Queue this training",
        key="train_start",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=not (is_good and is_installed),
        on_click=report_errors(_start),
    )
    if not is_installed:
        st.info(
            "The training packages are not installed yet. After the first `make run` they arrive "
            "within some minutes; otherwise run `make install`, then reload this page."
        )
    if isinstance(config, ConfigError):
        st.error(str(config))
        return
    if n_before:
        runs = "Another run is" if n_before == 1 else f"{n_before} runs are"
        st.caption(f"{runs} before it: trainings go one after the other.")
    for doubt in find_config_warnings(config):
        st.warning(doubt, icon=":material/lightbulb:")


def _start() -> None:
    # Read now: a number that was typed last comes with the click.
    config = read_form(prepare_form())
    if isinstance(config, ConfigError):
        raise config
    digits = get_user_digits() if DATASETS[config.dataset].image_shape == _DIGIT_SHAPE else None
    run = create_run(
        config,
        label=_propose_label(config),
        digits=digits.images if digits else None,
        digit_labels=digits.labels if digits else None,
    )
    start_run(run)
    show_run(run)


def _propose_label(config: TrainConfig) -> str:
    """The recipe or the network, and the visitor's time of day."""
    recipe = find_recipe(config)
    what = RECIPES[recipe].label if recipe else NETS[config.net].label
    return f"{what}, {datetime.now(_find_timezone()):%H:%M}"


def _find_timezone() -> tzinfo:
    try:
        return ZoneInfo(st.context.timezone) if st.context.timezone else UTC
    except ZoneInfoNotFoundError:
        return UTC
