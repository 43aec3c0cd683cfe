"""The settings of a run as widgets, generated from the fields of `TrainConfig`."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import streamlit as st

from digitlab.model_store.store import list_models
from digitlab.training.config import TrainConfig
from digitlab.training.fields import DEFAULT_TEXT, GROUPS, Spec, describe_setting
from digitlab.training.fields import format_value as format_field_value

Values = dict[str, Any]

# Streamlit drops the state of widgets when the user leaves the page; this key stays.
_VALUES = "train_values"
_SPECS = {spec.name: spec for spec in fields(TrainConfig)}


def prepare_form() -> Values:
    """Restore the widgets' values after a visit to another page; returns the current values.

    Call it before any of the widgets, so that what is above them can depend on their values.
    """
    state = st.session_state
    values: Values = state.setdefault(_VALUES, TrainConfig().to_json())
    for name, value in values.items():
        state.setdefault(_get_key(name), value)
    state[_VALUES] = {name: state[_get_key(name)] for name in values}
    return dict(state[_VALUES])


def fill_form(config: TrainConfig) -> None:
    """Set the widgets to the settings of a run or recipe; only from a callback."""
    values = config.to_json()
    st.session_state[_VALUES] = values
    for name, value in values.items():
        st.session_state[_get_key(name)] = value


def render_basic_settings() -> None:
    """Render the settings that beginners need."""
    for spec in _SPECS.values():
        if spec.metadata["is_basic"]:
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
        n_changed = sum(st.session_state[_get_key(spec.name)] != spec.default for spec in specs)
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
        "help": describe_setting(spec).replace("\n", "\n\n"),
    }
    _RENDERERS[spec.metadata["kind"]](spec, common)


def _render_choice(spec: Spec, common: dict[str, Any]) -> None:
    choices = spec.metadata["choices"]
    st.selectbox(options=list(choices), format_func=lambda value: choices[value].label, **common)


def _render_boolean(_spec: Spec, common: dict[str, Any]) -> None:
    st.toggle(**common)


def _render_model(_spec: Spec, common: dict[str, Any]) -> None:
    labels = {"": "none", **{model.id: model.label for model in list_models()}}
    selected = st.session_state[common["key"]]
    # The model may have been deleted meanwhile; starting the run then reports it.
    labels.setdefault(selected, selected)
    st.selectbox(options=list(labels), format_func=labels.__getitem__, **common)


def _render_number(spec: Spec, common: dict[str, Any]) -> None:
    about = spec.metadata
    # An optional number is empty while its default applies.
    optional: dict[str, Any] = (
        {"value": None, "placeholder": DEFAULT_TEXT} if about["is_optional"] else {}
    )
    st.number_input(
        min_value=about["low"],
        max_value=about["high"],
        step=about["step"],
        format="%d" if about["kind"] == "integer" else "%g",
        **optional,
        **common,
    )


_RENDERERS: dict[str, Callable[[Spec, dict[str, Any]], None]] = {
    "integer": _render_number,
    "number": _render_number,
    "choice": _render_choice,
    "boolean": _render_boolean,
    "model": _render_model,
}


def _get_key(name: str) -> str:
    return f"train_{name}"
