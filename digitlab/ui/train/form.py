"""The settings of a run as widgets, generated from the fields of `TrainConfig`.

Numbers are text fields: a browser's number field keeps an invalid number to itself, and the page
would train with the last valid one.
"""

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import streamlit as st

from digitlab.datasets.registry import (
    check_is_not_deleted,
    get_dataset_spec,
    list_dataset_specs,
)
from digitlab.errors import ConfigError, DatasetUnavailableError
from digitlab.model_store.store import list_models
from digitlab.training.config import TrainConfig
from digitlab.training.fields import (
    DEFAULT_TEXT,
    GROUPS,
    Spec,
    check_value,
    describe_range,
    describe_setting,
    parse_value,
)
from digitlab.training.fields import format_value as format_field_value
from digitlab.ui.selectors import render_toggle
from digitlab.ui.text import escape_markdown, shorten
from digitlab.ui.train.user_dataset import render_user_dataset, take_dataset_choice
from digitlab.ui.visitor import get_owner

# What the widgets hold, by setting: numbers as text.
Values = dict[str, Any]

# Streamlit drops the state of widgets when the user leaves the page; this key stays.
_VALUES = "train_values"
# Their choices have long names.
_WIDE = ("dataset", "net")
_SPECS = {spec.name: spec for spec in fields(TrainConfig)}
# Settings as errors of `TrainConfig` name them.
_NAMES = re.compile(rf"\b({'|'.join(_SPECS)})\b")


def prepare_form() -> Values:
    """Restore the widgets' values after a visit to another page; returns the current values.

    Call it before any of the widgets, so that what is above them can depend on their values.
    """
    state = st.session_state
    chosen = take_dataset_choice()
    if chosen is not None:
        state[_get_key("dataset")] = chosen
    values: Values = state.setdefault(_VALUES, _build_values(TrainConfig()))
    for name, value in values.items():
        state.setdefault(_get_key(name), value)
    state[_VALUES] = {name: state[_get_key(name)] for name in values}
    return dict(state[_VALUES])


def fill_form(config: TrainConfig) -> None:
    """Set the widgets to the settings of a run or recipe; only from a callback."""
    values = _build_values(config)
    st.session_state[_VALUES] = values
    for name, value in values.items():
        st.session_state[_get_key(name)] = value


def set_value(name: str, value: float) -> None:
    """Set one number; only from a callback."""
    st.session_state[_get_key(name)] = _format_number(value)


def read_form(values: Values) -> TrainConfig | list[str]:
    """Build the config from the form.

    Returns:
        The config; or a sentence about each invalid setting, and if there is none, about the
        settings that contradict each other.
    """
    parsed = {name: _parse(_SPECS[name], value) for name, value in values.items()}
    problems = [
        f"{spec.metadata['label']} is {shorten(str(values[name]))!r}; it must be "
        f"{describe_range(spec)}."
        for name, spec in _SPECS.items()
        if not _is_valid(spec, parsed[name])
    ]
    if problems:
        return problems
    try:
        config = TrainConfig(**parsed)
        check_is_not_deleted(get_dataset_spec(config.dataset))
    except (ConfigError, DatasetUnavailableError) as error:
        return [_NAMES.sub(lambda match: get_setting_label(match[0]), str(error))]
    return config


def _build_values(config: TrainConfig) -> Values:
    return {
        name: _format_number(value) if _is_number(_SPECS[name]) else value
        for name, value in config.to_json().items()
    }


def _is_number(spec: Spec) -> bool:
    return spec.metadata["kind"] in ("integer", "number")


def _format_number(value: float | None) -> str:
    """A number as short as possible; the field of an optional one is empty by default."""
    if value is None:
        return ""
    short = f"{value:g}"
    return short if float(short) == value else str(value)


def _parse(spec: Spec, value: Any) -> Any:
    return parse_value(spec, value) if _is_number(spec) else value


def _is_valid(spec: Spec, value: Any) -> bool:
    try:
        check_value(spec, value)
    except ConfigError:
        return False
    return True


def render_basic_settings() -> None:
    """Render the settings that beginners need: choices in full width, numbers in pairs."""
    basic = [spec for spec in _SPECS.values() if spec.metadata["is_basic"]]
    wide = [spec for spec in basic if spec.name in _WIDE]
    narrow = [spec for spec in basic if spec.name not in _WIDE]
    for spec in wide:
        _render_setting(spec)
        if spec.metadata["kind"] == "dataset":
            render_user_dataset(st.session_state[_get_key(spec.name)])
    columns = st.columns(2)
    for k, spec in enumerate(narrow):
        with columns[k % 2]:
            _render_setting(spec)


def render_all_settings() -> None:
    """Render the other settings: one expander per group, with the number of changed settings."""
    st.caption("All settings")
    for group, title in GROUPS.items():
        specs = [
            spec
            for spec in _SPECS.values()
            if spec.metadata["group"] == group and not spec.metadata["is_basic"]
        ]
        if not specs:
            continue
        n_changed = sum(
            _parse(spec, st.session_state[_get_key(spec.name)]) != spec.default for spec in specs
        )
        badge = f" :blue-badge[{n_changed} changed]" if n_changed else ""
        with st.expander(title + badge, key=f"train_group_{group}"):
            for spec in specs:
                _render_setting(spec)


def get_setting_label(name: str) -> str:
    """The display name of a setting."""
    return str(_SPECS[name].metadata["label"]) if name in _SPECS else name


def format_value(name: str, value: Any) -> str:
    """A setting's value for display."""
    return format_field_value(_SPECS[name], value) if name in _SPECS else str(value)


def _render_setting(spec: Spec) -> None:
    common = {
        "label": spec.metadata["label"],
        "key": _get_key(spec.name),
        # A blank line is a paragraph in the tooltip's Markdown.
        "help": describe_setting(spec, with_formulas=True).replace("\n", "\n\n"),
    }
    _RENDERERS[spec.metadata["kind"]](spec, common)


def _render_choice(spec: Spec, common: dict[str, Any]) -> None:
    choices = spec.metadata["choices"]
    st.selectbox(options=list(choices), format_func=lambda value: choices[value].label, **common)


def _render_dataset(_spec: Spec, common: dict[str, Any]) -> None:
    labels = {spec.id: spec.label for spec in list_dataset_specs(viewer=get_owner())}
    selected = st.session_state[common["key"]]
    # It may have been deleted meanwhile; the form then says so.
    if selected not in labels:
        labels[selected] = f"{format_value('dataset', selected)} (deleted)"
    # A browser sends back the text of an option: of two equal ones, only the first can be chosen.
    names = list(labels.values())
    labels = {k: v if names.count(v) == 1 else f"{v} ({k})" for k, v in labels.items()}
    st.selectbox(options=list(labels), format_func=labels.__getitem__, **common)


def _render_boolean(_spec: Spec, common: dict[str, Any]) -> None:
    render_toggle(common.pop("label"), common.pop("help"), **common)


def _render_model(spec: Spec, common: dict[str, Any]) -> None:
    own = [model for model in list_models(viewer=get_owner()) if model.imported is None]
    labels = spec.metadata["labels"] | {model.id: model.label for model in own}
    selected = st.session_state[common["key"]]
    # The model may have been deleted meanwhile; starting the run then reports it.
    labels.setdefault(selected, selected)
    st.selectbox(options=list(labels), format_func=labels.__getitem__, **common)


def _render_number(spec: Spec, common: dict[str, Any]) -> None:
    default = format_field_value(spec, spec.default)
    # An empty field is the default.
    placeholder = DEFAULT_TEXT if spec.default is None else f"{DEFAULT_TEXT}: {default}"
    st.text_input(placeholder=placeholder, **common)
    text = st.session_state[common["key"]]
    if not _is_valid(spec, _parse(spec, text)):
        limits = escape_markdown(describe_range(spec).capitalize())
        st.markdown(f":red[:material/error: {limits}.]")


_RENDERERS: dict[str, Callable[[Spec, dict[str, Any]], None]] = {
    "integer": _render_number,
    "number": _render_number,
    "choice": _render_choice,
    "boolean": _render_boolean,
    "dataset": _render_dataset,
    "model": _render_model,
}


def _get_key(name: str) -> str:
    return f"train_{name}"
