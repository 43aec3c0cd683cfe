"""The settings of a training run as flags: from the parser to a `TrainConfig`."""

import argparse
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from digitlab.errors import ConfigError
from digitlab.training.config import TrainConfig
from digitlab.training.fields import DEFAULT_TEXT, GROUPS, Spec, parse_value
from digitlab.training.recipes import get_recipe

_SPECS = {spec.name: spec for spec in fields(TrainConfig)}


def add_settings(command: argparse.ArgumentParser) -> None:
    """Add `--recipe`, `--set` and a flag for each setting; flags not given leave no trace."""
    command.add_argument("--recipe", metavar="NAME", help="begin with ready-made settings")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        dest="assignments",
        metavar="NAME=VALUE",
        help="change one setting; may be given several times",
    )
    for group, title in GROUPS.items():
        flags = command.add_argument_group(title)
        for spec in _SPECS.values():
            if spec.metadata["group"] == group:
                _add_flag(flags, spec)


def read_settings(options: argparse.Namespace) -> TrainConfig:
    """The settings a person chose: flags win over `--set`, and that over the recipe.

    Raises:
        ConfigError: no such recipe or setting, or a value that is not to be.
    """
    values: dict[str, Any] = {}
    if options.recipe:
        values = get_recipe(options.recipe).config.to_json()
    values |= _read_assignments(options.assignments)
    values |= {name: getattr(options, name) for name in _SPECS if hasattr(options, name)}
    return TrainConfig.from_json(values)


def _read_assignments(assignments: Iterable[str]) -> dict[str, Any]:
    values = {}
    for assignment in assignments:
        name, has_value, written = assignment.partition("=")
        name = name.strip().replace("-", "_")
        if not has_value:
            raise ConfigError(f"--set {assignment}: write NAME=VALUE, epochs=3 for example.")
        # An unknown name is refused together with all others.
        values[name] = parse_value(_SPECS[name], written.strip()) if name in _SPECS else written
    return values


def _add_flag(flags: "argparse._ArgumentGroup", spec: Spec) -> None:
    flag = "--" + spec.name.replace("_", "-")
    about = f"{spec.metadata['help']} (default: {_write_default(spec)})".replace("%", "%%")
    if spec.metadata["kind"] == "switch":
        flags.add_argument(
            flag, action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS, help=about
        )
        return
    flags.add_argument(
        flag,
        type=_Reader(spec),
        default=argparse.SUPPRESS,
        choices=spec.metadata.get("choices"),
        metavar=None if "choices" in spec.metadata else "VALUE",
        help=about,
    )


def _write_default(spec: Spec) -> str:
    if spec.default is None:
        return DEFAULT_TEXT
    if spec.metadata["kind"] == "switch":
        return "no"
    return str(spec.default) or "none"


class _Reader:
    """Reads one flag's value; argparse names the type in its complaints."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self.__name__ = spec.metadata["kind"]

    def __call__(self, written: str) -> Any:
        value = parse_value(self._spec, written)
        if isinstance(value, str) and self._spec.metadata["kind"] in ("number", "whole number"):
            raise ValueError(written)
        return value
