"""Settings as dataclass fields: kind, range, choices, label, help and group of each.

The form, the command line and validation are generated from a field's metadata:

- `kind`: "integer", "number", "choice", "boolean", "dataset" (the id of a data set, published or
  the user's) or "model" (the id of a stored model, or one of `labels`)
- `low`, `high`: range of a number
- `choices`: id to `Choice`
- `is_optional`: None is allowed and means "the default of the network or method"
- `label`, `help`: display name, and one or two sentences for a tooltip
- `formula`: for the tooltip: a formula between dollar signs, and a sentence about its symbols
- `group`: a key of `GROUPS`; `is_basic`: shown to beginners
"""

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from digitlab.datasets.registry import find_dataset_spec, get_dataset_spec
from digitlab.errors import ConfigError
from digitlab.nets.backbones import IMAGENET

GROUPS = {
    "data": "Data",
    "network": "Network",
    "learning": "Learning",
    "regularisation": "Regularisation",
    "augmentation": "Augmentation",
    "run": "Run settings",
}
# None, as written on the command line and shown in the form.
DEFAULT_TEXT = "default"
# Initial weights other than those of a stored model.
WEIGHTS_LABELS = {"": "random", IMAGENET: "ImageNet"}

Spec = dataclasses.Field[Any]


@dataclass(frozen=True)
class Choice:
    """One value of a setting that has a fixed list of values.

    Attributes:
        id: the value itself, lower_snake_case.
        label: display name.
        help: one sentence; may be empty.
        formula: in LaTeX between dollar signs, with a sentence about its symbols; may be empty.
    """

    id: str
    label: str
    help: str = ""
    formula: str = ""


def number(
    default: float | None,
    limits: tuple[float, float],
    label: str,
    help_text: str,
    group: str,
    *,
    formula: str = "",
    is_basic: bool = False,
) -> Any:
    """A number setting; an integer if its default is one, optional if its default is None."""
    is_integer = isinstance(default, int)
    low, high = limits
    return field(
        default=default,
        metadata=_describe("integer" if is_integer else "number", label, help_text, group, formula)
        | {"low": low, "high": high, "is_basic": is_basic, "is_optional": default is None},
    )


def choice(
    default: str,
    choices: Iterable[Choice],
    label: str,
    help_text: str,
    group: str,
    *,
    formula: str = "",
    is_basic: bool = False,
) -> Any:
    """A setting with a fixed list of values."""
    rows = {row.id: row for row in choices}
    return field(
        default=default,
        metadata=_describe("choice", label, help_text, group, formula)
        | {"choices": rows, "is_basic": is_basic},
    )


def boolean(label: str, help_text: str, group: str) -> Any:
    """An on/off setting, off by default."""
    return field(default=False, metadata=_describe("boolean", label, help_text, group))


def dataset(default: str, label: str, help_text: str, group: str, *, is_basic: bool = False) -> Any:
    """The id of a published data set or of one of the user's, deleted or not."""
    metadata = _describe("dataset", label, help_text, group) | {"is_basic": is_basic}
    return field(default=default, metadata=metadata)


def model(label: str, help_text: str, group: str, *, labels: dict[str, str]) -> Any:
    """The id of a stored model; empty by default.

    Args:
        labels: display names of the values that are not the id of a model.
    """
    metadata = _describe("model", label, help_text, group) | {"labels": labels}
    return field(default="", metadata=metadata)


def _describe(
    kind: str, label: str, help_text: str, group: str, formula: str = ""
) -> dict[str, Any]:
    about = {"kind": kind, "label": label, "help": help_text, "group": group, "formula": formula}
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
    elif kind == "dataset":
        get_dataset_spec(str(value))
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
        raise ConfigError(f"{spec.name} is {value!r}; it must be {describe_range(spec)}.")


def describe_range(spec: Spec) -> str:
    """What a number setting may be: an integer from 1 to 1,000."""
    about = spec.metadata
    article = "an" if about["kind"] == "integer" else "a"
    or_default = f", or {DEFAULT_TEXT}" if about["is_optional"] else ""
    # No separators: a comma is a decimal point.
    low, high = (f"{about[key]:.16g}" for key in ("low", "high"))
    return f"{article} {about['kind']} from {low} to {high}{or_default}"


def parse_value(spec: Spec, text: str) -> Any:
    """Convert text from the command line or the form.

    Returns:
        The value; text that cannot be converted as it is, which `check_value` rejects. An empty
        number is the default, and a comma is a decimal point.
    """
    kind = spec.metadata["kind"]
    if spec.metadata["is_optional"] and text == DEFAULT_TEXT:
        return None
    if kind in ("integer", "number"):
        text = text.strip()
        if not text:
            return spec.default
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind in ("integer", "number"):
        try:
            return int(text) if kind == "integer" else float(text.replace(",", "."))
        except ValueError:
            return text
    return text


def format_value(spec: Spec, value: Any) -> str:
    """Format a value for display: the label of a choice, "yes" or "no", a short number."""
    kind = spec.metadata["kind"]
    if value is None:
        return DEFAULT_TEXT
    if kind in ("choice", "dataset"):
        found = (
            spec.metadata["choices"].get(value) if kind == "choice" else find_dataset_spec(value)
        )
        return str(found.label if found else value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if kind == "model":
        return str(spec.metadata["labels"].get(value, value))
    return str(value)


def describe_setting(spec: Spec, *, with_ids: bool = False, with_formulas: bool = False) -> str:
    """The help of a setting, then that of its choices, one per line.

    Args:
        with_ids: name choices by id, as on the command line, instead of by label.
        with_formulas: add the formulas, in LaTeX between dollar signs.
    """
    rows: Iterable[Choice] = spec.metadata.get("choices", {}).values()
    lines = [spec.metadata["help"]]
    if with_formulas and spec.metadata["formula"]:
        lines.append(spec.metadata["formula"])
    for row in rows:
        parts = [row.help, row.formula if with_formulas else ""]
        if any(parts):
            name = row.id if with_ids else row.label
            lines.append(f"{name}: {' '.join(part for part in parts if part)}")
    return "\n".join(lines)
