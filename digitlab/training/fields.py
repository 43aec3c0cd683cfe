"""Settings as dataclass fields: kind, range, choices, label, help and group of each.

The form, the command line and validation are generated from a field's metadata:

- `kind`: "integer", "number", "choice", "boolean" or "model" (the id of a stored model, or "")
- `low`, `high`, `step`: range of a number, and the increment of its input widget
- `choices`: id to `Choice`
- `is_optional`: None is allowed and means "the default of the network or method"
- `label`, `help`: display name, and one or two sentences for a tooltip
- `group`: a key of `GROUPS`; `is_basic`: shown to beginners
"""

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from digitlab.errors import ConfigError

GROUPS = {
    "data": "Data",
    "network": "Network",
    "learning": "Learning",
    "regularisation": "Regularisation",
    "augmentation": "Augmentation",
    "run": "Run",
}
# None, as written on the command line and shown in the form.
DEFAULT_TEXT = "default"

Spec = dataclasses.Field[Any]


@dataclass(frozen=True)
class Choice:
    """One value of a setting that has a fixed list of values.

    Attributes:
        id: the value itself, lower_snake_case.
        label: display name.
        help: one sentence; may be empty.
    """

    id: str
    label: str
    help: str = ""


def number(
    default: float | None,
    limits: tuple[float, float],
    label: str,
    help_text: str,
    group: str,
    *,
    step: float = 0.05,
    is_basic: bool = False,
) -> Any:
    """A number setting; an integer if its default is one, optional if its default is None."""
    is_integer = isinstance(default, int)
    low, high = limits
    return field(
        default=default,
        metadata=_describe("integer" if is_integer else "number", label, help_text, group)
        | {"low": low, "high": high, "step": 1 if is_integer else step}
        | {"is_basic": is_basic, "is_optional": default is None},
    )


def choice(
    default: str,
    choices: Iterable[Choice],
    label: str,
    help_text: str,
    group: str,
    *,
    is_basic: bool = False,
) -> Any:
    """A setting with a fixed list of values."""
    rows = {row.id: row for row in choices}
    return field(
        default=default,
        metadata=_describe("choice", label, help_text, group)
        | {"choices": rows, "is_basic": is_basic},
    )


def boolean(label: str, help_text: str, group: str) -> Any:
    """An on/off setting, off by default."""
    return field(default=False, metadata=_describe("boolean", label, help_text, group))


def model(label: str, help_text: str, group: str) -> Any:
    """The id of a stored model; empty by default."""
    return field(default="", metadata=_describe("model", label, help_text, group))


def _describe(kind: str, label: str, help_text: str, group: str) -> dict[str, Any]:
    about = {"kind": kind, "label": label, "help": help_text, "group": group}
    return about | {"is_basic": False, "is_optional": False}


def check_value(spec: Spec, value: Any) -> None:
    """Check type and range of one value.

    Raises:
        ConfigError: names the setting, the value and the allowed range.
    """
    kind = spec.metadata["kind"]
    if kind == "choice":
        if value not in spec.metadata["choices"]:
            choices = ", ".join(spec.metadata["choices"])
            raise ConfigError(f"{spec.name} is {value!r}; it must be one of {choices}.")
    elif kind == "model":
        if not isinstance(value, str):
            raise ConfigError(f"{spec.name} is {value!r}; it must be a model id, or empty.")
    elif kind == "boolean":
        if not isinstance(value, bool):
            raise ConfigError(f"{spec.name} is {value!r}; it must be true or false.")
    elif value is not None or not spec.metadata["is_optional"]:
        _check_number(spec, value)


def _check_number(spec: Spec, value: Any) -> None:
    low, high, kind = (spec.metadata[key] for key in ("low", "high", "kind"))
    allowed = int if kind == "integer" else int | float
    is_number = isinstance(value, allowed) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not low <= value <= high:
        article = "an" if kind == "integer" else "a"
        or_default = f", or {DEFAULT_TEXT}" if spec.metadata["is_optional"] else ""
        raise ConfigError(
            f"{spec.name} is {value!r}; it must be {article} {kind} from {low} to {high}"
            f"{or_default}."
        )


def parse_value(spec: Spec, text: str) -> Any:
    """Convert text from the command line; `check_value` rejects text that cannot be converted."""
    kind = spec.metadata["kind"]
    if spec.metadata["is_optional"] and text == DEFAULT_TEXT:
        return None
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind in ("integer", "number"):
        try:
            return int(text) if kind == "integer" else float(text)
        except ValueError:
            return text
    return text


def format_value(spec: Spec, value: Any) -> str:
    """Format a value for display: the label of a choice, "yes" or "no", a short number."""
    if value is None:
        return DEFAULT_TEXT
    if spec.metadata["kind"] == "choice":
        row: Choice | None = spec.metadata["choices"].get(value)
        return row.label if row else str(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) or "none"


def describe_setting(spec: Spec, *, with_ids: bool = False) -> str:
    """The help of a setting, then that of its choices, one per line.

    Args:
        with_ids: name choices by id, as on the command line, instead of by label.
    """
    rows: Iterable[Choice] = spec.metadata.get("choices", {}).values()
    lines = [f"{row.id if with_ids else row.label}: {row.help}" for row in rows if row.help]
    return "\n".join([spec.metadata["help"], *lines])
