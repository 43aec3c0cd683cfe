"""The settings of a run as widgets, made from what `TrainConfig` says about each field."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import streamlit as st

from digitlab.datasets.registry import DATASETS, DatasetSpec
from digitlab.model_store.store import list_models
from digitlab.nets.architectures import NETS, NetSpec
from digitlab.training.config import TrainConfig
from digitlab.training.fields import GROUPS

Spec = dataclasses.Field[Any]
Values = dict[str, Any]

# Streamlit drops a widget's state when its page is left; this key is ours and stays.
_KEPT = "train_values"
_STEPS = {
    "learning_rate": 0.0005,
    "l1": 0.00001,
    "l2": 0.0001,
    "weight_decay": 0.0001,
    "ema_momentum": 0.001,
    "rotation_deg": 1.0,
    "shift_px": 0.5,
    "elastic": 0.1,
}
_NAMED: dict[str, Mapping[str, DatasetSpec | NetSpec]] = {"dataset": DATASETS, "net": NETS}
_WORDS = {
    "default": "as designed",
    "sparse_categorical_crossentropy": "cross-entropy",
    "categorical_crossentropy": "cross-entropy, one-hot labels",
    "mse": "mean squared error",
    "sgd": "SGD",
    "momentum": "SGD with momentum",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
    "exponential": "exponential decay",
    "cosine": "cosine with warm-up",
    "one_cycle": "one cycle",
    "plateau": "lower on a plateau",
    "relu": "ReLU",
    "gelu": "GELU",
    "elu": "ELU",
    "leaky_relu": "leaky ReLU",
    "silu": "SiLU",
}


def prepare_form() -> Values:
    """Bring the widgets' values back after a visit elsewhere; the values as they are now.

    Called before any of the widgets, so that what stands above them may depend on them.
    """
    state = st.session_state
    kept: Values = state.setdefault(_KEPT, TrainConfig().to_json())
    for name, value in kept.items():
        state.setdefault(_name_key(name), value)
    state[_KEPT] = {name: state[_name_key(name)] for name in kept}
    return dict(state[_KEPT])


def fill_form(config: TrainConfig) -> None:
    """Put a run's or a recipe's settings into the form; only from a callback."""
    values = config.to_json()
    st.session_state[_KEPT] = values
    for name, value in values.items():
        st.session_state[_name_key(name)] = value


def render_basic_settings() -> None:
    """The six settings that a beginner sees."""
    for spec in fields(TrainConfig):
        if spec.metadata["is_basic"]:
            _render_setting(spec)


def render_all_settings() -> None:
    """All the others, an expander a group; its title tells how many were changed."""
    st.caption("All settings")
    for group, title in GROUPS.items():
        specs = [
            spec
            for spec in fields(TrainConfig)
            if spec.metadata["group"] == group and not spec.metadata["is_basic"]
        ]
        if not specs:
            continue
        n_changed = sum(st.session_state[_name_key(spec.name)] != spec.default for spec in specs)
        badge = f" :blue-badge[{n_changed} changed]" if n_changed else ""
        with st.expander(title + badge, key=f"train_group_{group}"):
            for spec in specs:
                _render_setting(spec)


def get_setting_label(name: str) -> str:
    """A setting's name for people."""
    spec = next((spec for spec in fields(TrainConfig) if spec.name == name), None)
    return str(spec.metadata["label"]) if spec else name


def format_value(name: str, value: Any) -> str:
    """A setting's value for people."""
    if value is None:
        return _WORDS["default"]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if name in _NAMED:
        return _NAMED[name][value].label
    return _WORDS.get(value, value.replace("_", " ")) or "nothing"


def _render_setting(spec: Spec) -> None:
    about = spec.metadata
    text = about["help"]
    common = {
        "label": about["label"],
        "key": _name_key(spec.name),
        "help": f"{text[0].upper()}{text[1:]}.",
    }
    render: dict[str, Callable[[Spec, dict[str, Any]], None]] = {
        "choice": _render_choice,
        "switch": _render_switch,
        "text": _render_start_from,
    }
    render.get(about["kind"], _render_number)(spec, common)


def _render_choice(spec: Spec, common: dict[str, Any]) -> None:
    st.selectbox(
        options=list(spec.metadata["choices"]),
        format_func=lambda value: format_value(spec.name, value),
        **common,
    )


def _render_switch(_spec: Spec, common: dict[str, Any]) -> None:
    st.toggle(**common)


def _render_start_from(_spec: Spec, common: dict[str, Any]) -> None:
    """The only text among the settings is a model's id."""
    labels = {"": "nothing", **{model.id: model.label for model in list_models()}}
    chosen = st.session_state[common["key"]]
    # A model may have left the shelf since; the worker then says so.
    labels.setdefault(chosen, chosen)
    st.selectbox(options=list(labels), format_func=labels.__getitem__, **common)


def _render_number(spec: Spec, common: dict[str, Any]) -> None:
    about = spec.metadata
    is_whole = about["kind"] == "whole number"
    # An optional number is empty as long as the network's or method's own counts.
    optional: dict[str, Any] = (
        {"value": None, "placeholder": _WORDS["default"]} if about["is_optional"] else {}
    )
    st.number_input(
        min_value=about["low"],
        max_value=about["high"],
        step=1 if is_whole else _STEPS.get(spec.name, 0.05),
        format="%d" if is_whole else "%g",
        **optional,
        **common,
    )


def _name_key(name: str) -> str:
    return f"train_{name}"
