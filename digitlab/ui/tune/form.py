"""The form of a new search: base, settings to vary, budget."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from digitlab.errors import ConfigError
from digitlab.quantities import format_count, format_duration
from digitlab.runs.duration import estimate_duration_s
from digitlab.training.config import TrainConfig
from digitlab.training.fields import Choice, Spec, format_value, parse_value
from digitlab.training.recipes import RECIPES
from digitlab.tuning.search_space import (
    SearchRange,
    count_grid,
    list_searchable,
    propose_range,
)
from digitlab.tuning.study import Study, create_study, is_search_installed
from digitlab.tuning.study_config import OBJECTIVES, PRUNERS, SAMPLERS, StudyConfig
from digitlab.ui.actions import report_errors
from digitlab.ui.text import escape_label, render_error
from digitlab.ui.train.slowness import measure_slowness
from digitlab.ui.visitor import get_owner

_VARIED = ("learning_rate", "dropout")
_STATE = "tune_form"
_FRACTIONS = {0.05: "5 %", 0.1: "10 %", 0.25: "25 %", 0.5: "50 %", 1.0: "all"}
# What the estimate of a whole run includes and a trial in a warm process does not.
_START_S = 8.0


def render_form(on_start: Callable[[Study], None]) -> None:
    """Render the form and the button that starts the search.

    Args:
        on_start: called with the new study, in a callback.
    """
    _restore()
    recipe = RECIPES[_render_base()]
    space = _render_space()
    options = _render_budget()
    config: StudyConfig | None = None
    try:
        config = _build_config(recipe.config, recipe.label, space, options)
    except (ConfigError, ValueError) as error:
        render_error(error)
    else:
        st.caption(_describe_estimate(config))
    if not is_search_installed():
        st.info("The training packages are not installed yet: `make install`.")
    st.button(
        "Start the search",
        key="tune_start",
        type="primary",
        icon=":material/play_arrow:",
        disabled=config is None or not is_search_installed(),
        on_click=report_errors(partial(_start, config, on_start)),
    )
    st.session_state[_STATE] = {
        name: value for name, value in st.session_state.items() if str(name).startswith("tune_f_")
    }


def _start(config: StudyConfig | None, on_start: Callable[[Study], None]) -> None:
    if config is not None:
        on_start(create_study(config))


def _restore() -> None:
    """Streamlit drops the state of widgets when the page is left."""
    for name, value in st.session_state.get(_STATE, {}).items():
        st.session_state.setdefault(name, value)


def _render_base() -> str:
    base, epochs, images = st.columns([2, 1, 1])
    with base:
        chosen: str = st.selectbox(
            "Base",
            list(RECIPES),
            format_func=lambda recipe_id: RECIPES[recipe_id].label,
            key="tune_f_base",
            help="The settings of every trial but for those that are varied.",
        )
    with epochs:
        st.text_input(
            "Epochs a trial", "3", key="tune_f_epochs",
            help="Short trials are enough to compare settings; the best one is trained later.",
        )  # fmt: skip
    with images:
        st.selectbox(
            "Training images", list(_FRACTIONS), index=1, format_func=_FRACTIONS.__getitem__,
            key="tune_f_images", help="Fewer images make shorter trials, but rank settings less "
            "reliably.",
        )  # fmt: skip
    return chosen


def _render_space() -> list[SearchRange | ConfigError]:
    specs = {spec.name: spec for spec in list_searchable()}
    st.session_state.setdefault("tune_f_varied", list(_VARIED))
    names = st.multiselect(
        "Settings to vary",
        list(specs),
        format_func=lambda name: str(specs[name].metadata["label"]),
        key="tune_f_varied",
        placeholder="Choose at least one",
    )
    space: list[SearchRange | ConfigError] = []
    for name in names:
        try:
            space.append(_render_range(specs[name], propose_range(name)))
        except ConfigError as error:
            space.append(error)
    return space


def _render_range(spec: Spec, proposed: SearchRange) -> SearchRange:
    """The widgets of one setting.

    Raises:
        ConfigError: a limit is not a number.
    """
    label, key = str(spec.metadata["label"]), f"tune_f_{spec.name}"
    with st.container(border=True, key=f"tune_range_{spec.name}"):
        if proposed.choices:
            is_number = spec.metadata["kind"] in ("integer", "number")
            known = spec.metadata.get("choices")
            options = list(known) if known else list(proposed.choices)
            st.session_state.setdefault(key, list(proposed.choices))
            chosen = st.multiselect(
                label,
                options,
                format_func=lambda value: format_value(spec, value),
                key=key,
                accept_new_options=is_number,
            )
            return SearchRange(
                spec.name,
                choices=tuple(
                    parse_value(spec, value) if isinstance(value, str) and is_number else value
                    for value in chosen
                ),
            )
        low, high, scale = st.columns([1, 1, 1], vertical_alignment="bottom")
        low_text = low.text_input(f"{label}: from", f"{proposed.low:g}", key=f"{key}_low")
        high_text = high.text_input("to", f"{proposed.high:g}", key=f"{key}_high")
        is_log = scale.checkbox("Log scale", proposed.is_log, key=f"{key}_log")
    try:
        limits = [float(text.replace(",", ".")) for text in (low_text, high_text)]
    except ValueError as error:
        raise ConfigError(
            f"{label}: “{low_text}” to “{high_text}” is not a range of numbers."
        ) from error
    return replace(proposed, low=limits[0], high=limits[1], is_log=is_log)


def _render_budget() -> dict[str, Any]:
    with st.container(horizontal=True):
        minutes = st.text_input(
            "Minutes", "10", key="tune_f_minutes", width=100,
            help="No trial starts later. Empty: no limit.",
        )  # fmt: skip
        trials = st.text_input(
            "Trials at most", "", key="tune_f_trials", width=130, help="Empty: no limit."
        )
        chosen = {
            "sampler": _choose("Sampler", SAMPLERS),
            "pruner": _choose("Pruner", PRUNERS),
            "objective": _choose("Objective", OBJECTIVES),
        }
    return chosen | {"minutes": minutes, "n_trials": trials}


def _choose(label: str, table: dict[str, Choice]) -> str:
    chosen: str = st.selectbox(
        label,
        list(table),
        format_func=lambda row: table[row].label,
        key=f"tune_f_{label.lower()}",
        width=190,
        help="\n".join(f"- {one.label}: {one.help}" for one in table.values()),
    )
    return chosen


def _build_config(
    recipe: TrainConfig,
    label: str,
    space: list[SearchRange | ConfigError],
    options: dict[str, Any],
) -> StudyConfig:
    """The study's config.

    Raises:
        ConfigError: something is invalid.
    """
    for one in space:
        if isinstance(one, ConfigError):
            raise one
    ranges = tuple(one for one in space if isinstance(one, SearchRange))
    n_trials = round(_parse("trials", options["n_trials"]))
    epochs = round(_parse("epochs", st.session_state["tune_f_epochs"]))
    varied = {one.name for one in ranges}
    base = replace(
        recipe,
        epochs=recipe.epochs if "epochs" in varied else epochs,
        training_fraction=st.session_state["tune_f_images"],
        frozen_epochs=min(recipe.frozen_epochs, epochs),
    )
    return StudyConfig(
        base=base.to_json(),
        space=ranges,
        sampler=options["sampler"],
        pruner=options["pruner"],
        objective=options["objective"],
        n_trials=n_trials,
        minutes=_parse("minutes", options["minutes"]),
        full_epochs=recipe.epochs,
        full_training_fraction=recipe.training_fraction,
        owner=get_owner(),
        label=f"{escape_label(label)}: {', '.join(one.spec.metadata['label'] for one in ranges)}",
    )


def _parse(name: str, text: str) -> float:
    try:
        return float(text.strip().replace(",", ".") or 0)
    except ValueError as error:
        raise ConfigError(f"{name}: “{text}” is not a number.") from error


def _describe_estimate(config: StudyConfig) -> str:
    slowness = measure_slowness()
    trial_s = max(1.0, estimate_duration_s(config.base_config, slowness) - _START_S * slowness)
    text = f"A trial takes about {format_duration(trial_s)}"
    if config.sampler == "grid":
        text += f"; the grid has {format_count(count_grid(config.space), 'combination')}"
    if config.minutes:
        n_trials, time_s = max(1, round(60 * config.minutes / trial_s)), 60 * config.minutes
        if config.n_planned and config.n_planned < n_trials:
            n_trials, time_s = config.n_planned, config.n_planned * trial_s
        text += f": about {format_count(n_trials, 'trial')} in {format_duration(time_s)}"
    elif config.n_planned:
        text += f": {format_duration(config.n_planned * trial_s)} in all"
    return (
        f"{text}. Trials are compared on validation images; the test set is looked at once, for "
        "the best trial at the end. Else the search would choose what fits the test set by chance."
    )
