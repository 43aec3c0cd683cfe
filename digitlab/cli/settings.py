"""The settings of a training run as command-line flags: from `argparse` to `TrainConfig`."""

import argparse
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from digitlab.errors import ConfigError
from digitlab.training.config import TrainConfig
from digitlab.training.fields import GROUPS, Spec, describe_setting, format_value, parse_value
from digitlab.training.recipes import get_recipe

_SPECS = {spec.name: spec for spec in fields(TrainConfig)}


def add_settings(command: argparse.ArgumentParser) -> None:
    """Add `--recipe`, `--set` and one flag per setting; omitted flags set no attribute."""
    command.add_argument("--recipe", metavar="NAME", help="start from the settings of a recipe")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        dest="assignments",
        metavar="KEY=VALUE",
        help="change one setting; can be repeated",
    )
    for group, title in GROUPS.items():
        flags = command.add_argument_group(title)
        for spec in _SPECS.values():
            if spec.metadata["group"] == group:
                _add_flag(flags, spec)


def read_settings(options: argparse.Namespace) -> TrainConfig:
    """Build the config: flags take precedence over `--set`, and `--set` over the recipe.

    Raises:
        ConfigError: unknown recipe or setting, or an invalid value.
    """
    values: dict[str, Any] = {}
    if options.recipe:
        values = get_recipe(options.recipe).config.to_json()
    values |= _parse_assignments(options.assignments)
    values |= {name: getattr(options, name) for name in _SPECS if hasattr(options, name)}
    return TrainConfig.from_json(values)


def _parse_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    values = {}
    for assignment in assignments:
        name, has_value, text = assignment.partition("=")
        name = name.strip().replace("-", "_")
        if not has_value:
            raise ConfigError(f"--set {assignment}: write KEY=VALUE, for example epochs=3.")
        # `TrainConfig.from_json` reports all unknown names in one error.
        values[name] = parse_value(_SPECS[name], text.strip()) if name in _SPECS else text
    return values


def _add_flag(flags: "argparse._ArgumentGroup", spec: Spec) -> None:
    flag = "--" + spec.name.replace("_", "-")
    about = describe_setting(spec, with_ids=True)
    about = f"{about} (default: {_format_default(spec)})".replace("%", "%%")
    if spec.metadata["kind"] == "boolean":
        flags.add_argument(
            flag, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=about
        )
        return
    flags.add_argument(
        flag,
        type=_Parser(spec),
        default=argparse.SUPPRESS,
        choices=spec.metadata.get("choices"),
        metavar=None if "choices" in spec.metadata else "VALUE",
        help=about,
    )


def _format_default(spec: Spec) -> str:
    """The default as it would be written after the flag."""
    if spec.metadata["kind"] in ("choice", "dataset"):
        return str(spec.default)
    return format_value(spec, spec.default)


class _Parser:
    """Parses the value of one flag; argparse shows `__name__` in its errors."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self.__name__ = spec.metadata["kind"]

    def __call__(self, text: str) -> Any:
        value = parse_value(self._spec, text)
        if isinstance(value, str) and self._spec.metadata["kind"] in ("number", "integer"):
            raise ValueError(text)
        return value
