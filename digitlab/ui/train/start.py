"""The Start button, with errors in the settings and warnings about them."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import ConfigError
from digitlab.nets.registry import NETS
from digitlab.runs.control import count_active_runs, start_new_run
from digitlab.runs.launcher import is_training_installed
from digitlab.training.config import TrainConfig
from digitlab.training.config_warnings import find_config_warnings
from digitlab.training.pretrained import describe_missing_weights
from digitlab.training.recipes import RECIPES, find_recipe
from digitlab.ui.actions import report_errors
from digitlab.ui.text import escape_markdown, render_error
from digitlab.ui.train.form import prepare_form, read_form
from digitlab.ui.train.run_choice import show_run
from digitlab.ui.train.user_digits import get_user_digits
from digitlab.ui.visitor import get_owner

# Only networks of this input shape can classify the user's digits.
_DIGIT_SHAPE = (28, 28)


def render_warnings(config: TrainConfig | list[str]) -> None:
    """Render what is missing, and warnings about valid settings that are probably mistakes."""
    if isinstance(config, TrainConfig):
        if missing := describe_missing_weights(config):
            st.info(missing, icon=":material/download:")
        for warning in find_config_warnings(config):
            st.warning(escape_markdown(warning), icon=":material/lightbulb:")


def render_start(config: TrainConfig | list[str]) -> None:
    """Render the button, which stays in sight, and above it why it is disabled."""
    with st.container(key="train_start_bar"):
        _render_start(config)


def _render_start(config: TrainConfig | list[str]) -> None:
    is_installed = is_training_installed()
    n_before = count_active_runs()
    if not is_installed:
        st.info(
            "The training packages are not installed yet. The first `make run` installs them "
            "within a few minutes; otherwise run `make install`. Then reload this page."
        )
    if not isinstance(config, TrainConfig):
        render_error(" ".join(config))
    elif n_before:
        runs = "1 run is" if n_before == 1 else f"{n_before} runs are"
        st.caption(f"{runs} ahead in the queue. Runs are trained one at a time.")
    st.button(
        "Start training" if not n_before else "Add to queue",
        key="train_start",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=not (isinstance(config, TrainConfig) and is_installed),
        on_click=report_errors(_start),
    )


def _start() -> None:
    # Read the form again: the click delivers a number that was typed just before it.
    config = read_form(prepare_form())
    if not isinstance(config, TrainConfig):
        raise ConfigError(" ".join(config))
    digits = (
        get_user_digits() if get_dataset_spec(config.dataset).image_shape == _DIGIT_SHAPE else None
    )
    run = start_new_run(
        config,
        label=_build_label(config),
        digits=digits.images if digits else None,
        digit_labels=digits.labels if digits else None,
        owner=get_owner(),
    )
    show_run(run)


def _build_label(config: TrainConfig) -> str:
    """The name of the recipe or network, and the user's local time."""
    recipe = find_recipe(config)
    name = RECIPES[recipe].label if recipe else NETS[config.net].label
    return f"{name}, {datetime.now(_find_timezone()):%H:%M}"


def _find_timezone() -> tzinfo:
    try:
        return ZoneInfo(st.context.timezone) if st.context.timezone else UTC
    except ZoneInfoNotFoundError:
        return UTC
