"""What a setting of a training run is: its kind, its range, its group and a sentence about it.

All of it stands in a dataclass field's metadata, from which forms, the command line and the checks
are made:

- `kind`: "whole number", "number", "choice", "switch" or "text"
- `low`, `high`: the range of a number; `choices`: of a choice
- `is_optional`: the value may be None, which means "the network's or method's own"
- `label`, `help`: for people; `group`: one of `GROUPS`; `is_basic`: a beginner sees it
"""

import dataclasses
import math
from dataclasses import field
from typing import Any

from digitlab.errors import ConfigError

GROUPS = {
    "data": "Data",
    "network": "Network",
    "learning": "Learning",
    "regularisation": "Against overfitting",
    "augmentation": "Augmentation",
    "run": "The run",
}
# How None is written on the command line.
DEFAULT_TEXT = "default"

Spec = dataclasses.Field[Any]


def number(
    default: float | None,
    between: tuple[float, float],
    label: str,
    help_text: str,
    group: str,
    *,
    is_basic: bool = False,
) -> Any:
    """A number within two; whole if its default is, optional if its default is None."""
    kind = "whole number" if isinstance(default, int) else "number"
    about = {"label": label, "help": help_text, "group": group, "is_basic": is_basic}
    low, high = between
    return _build(default, kind, about, low=low, high=high, is_optional=default is None)


def choice(
    default: str,
    choices: tuple[str, ...],
    label: str,
    help_text: str,
    group: str,
    *,
    is_basic: bool = False,
) -> Any:
    """One of several words."""
    about = {"label": label, "help": help_text, "group": group, "is_basic": is_basic}
    return _build(default, "choice", about, choices=choices)


def switch(label: str, help_text: str, group: str) -> Any:
    """Yes or no; no by default."""
    return _build(False, "switch", {"label": label, "help": help_text, "group": group})


def text(label: str, help_text: str, group: str) -> Any:
    """Any text; empty by default."""
    return _build("", "text", {"label": label, "help": help_text, "group": group})


def _build(default: Any, kind: str, about: dict[str, Any], **more: Any) -> Any:
    usual = {"is_basic": False, "is_optional": False}
    return field(default=default, metadata={"kind": kind} | usual | about | more)


def check_value(spec: Spec, value: Any) -> None:
    """Refuse a value that is not of the setting's kind or out of its range.

    Raises:
        ConfigError: names setting, value and range.
    """
    kind = spec.metadata["kind"]
    if kind == "choice":
        if value not in spec.metadata["choices"]:
            choices = ", ".join(spec.metadata["choices"])
            raise ConfigError(f"{spec.name} is {value!r}; it must be one of {choices}.")
    elif kind == "text":
        if not isinstance(value, str):
            raise ConfigError(f"{spec.name} is {value!r}; it must be a model's id, or empty.")
    elif kind == "switch":
        if not isinstance(value, bool):
            raise ConfigError(f"{spec.name} is {value!r}; it must be true or false.")
    elif value is not None or not spec.metadata["is_optional"]:
        _check_number(spec, value)


def _check_number(spec: Spec, value: Any) -> None:
    low, high, kind = (spec.metadata[key] for key in ("low", "high", "kind"))
    allowed = int if kind == "whole number" else int | float
    is_number = isinstance(value, allowed) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not low <= value <= high:
        own = f", or {DEFAULT_TEXT}" if spec.metadata["is_optional"] else ""
        raise ConfigError(
            f"{spec.name} is {value!r}; it must be a {kind} from {low} to {high}{own}."
        )


def parse_value(spec: Spec, written: str) -> Any:
    """A value as written on the command line; `check_value` refuses what cannot be read."""
    kind = spec.metadata["kind"]
    if spec.metadata["is_optional"] and written == DEFAULT_TEXT:
        return None
    if kind == "switch":
        return {"true": True, "false": False}.get(written.lower(), written)
    if kind in ("whole number", "number"):
        try:
            return int(written) if kind == "whole number" else float(written)
        except ValueError:
            return written
    return written
