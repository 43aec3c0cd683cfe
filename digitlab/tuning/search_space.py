"""Which values of which settings a study tries."""

import math
from dataclasses import dataclass, fields
from typing import Any

from digitlab.errors import ConfigError
from digitlab.training.config import TrainConfig
from digitlab.training.fields import Spec, check_value, parse_value

SPECS = {spec.name: spec for spec in fields(TrainConfig)}
MAX_GRID_TRIALS = 1000
# Not searched: data set, source model and teacher change what is learned, a seed only chance.
_EXCLUDED = {
    "dataset", "init_from", "teacher", "seed", "exclude_sample", "calibrate", "steps_per_execution",
}  # fmt: skip
_NUMERIC = ("integer", "number")


@dataclass(frozen=True)
class SearchRange:
    """The values of one setting that are tried.

    Attributes:
        name: of a field of `TrainConfig`.
        low, high: the limits of a number, both included.
        is_log: whether numbers are spread evenly over their logarithms.
        choices: the values of any other setting, or some numbers; then `low` and `high` are 0.
        n_grid: how many numbers between the limits a grid search tries.
    """

    name: str
    low: float = 0.0
    high: float = 0.0
    is_log: bool = False
    choices: tuple[str | bool | int | float, ...] = ()
    n_grid: int = 3

    @property
    def spec(self) -> Spec:
        """The setting."""
        return SPECS[self.name]

    @property
    def is_integer(self) -> bool:
        """Whether the setting takes whole numbers only."""
        return bool(self.spec.metadata["kind"] == "integer")

    def list_grid(self) -> list[Any]:
        """The values that a grid search tries, evenly spread."""
        if self.choices:
            return list(self.choices)
        low, high = (math.log(v) if self.is_log else v for v in (self.low, self.high))
        steps = range(self.n_grid)
        values = [low + (high - low) * k / max(self.n_grid - 1, 1) for k in steps]
        numbers = [math.exp(value) if self.is_log else value for value in values]
        # The ends as they were given, without the rounding errors of a logarithm.
        numbers[0], numbers[-1] = self.low, self.high
        return list(dict.fromkeys(round(v) if self.is_integer else v for v in numbers))

    def format(self) -> str:
        """As `parse_range` reads it."""
        if self.choices:
            return f"{self.name}={','.join(_format_choice(value) for value in self.choices)}"
        return f"{self.name}={self.low:g}:{self.high:g}{':log' if self.is_log else ''}"


def parse_range(text: str) -> SearchRange:
    """Read `learning_rate=1e-4:1e-1:log`, `dropout=0:0.6`, `optimizer=adam,sgd` or `batch_norm`.

    A fourth part is the number of values of a grid search: `dropout=0:0.6:linear:4`.

    Raises:
        ConfigError: the setting is unknown, or the values are invalid.
    """
    name, _, values = text.partition("=")
    name = name.strip().replace("-", "_")
    spec = _get_spec(name)
    if not values.strip():
        return _check(propose_range(name))
    if ":" in values:
        parts = [part.strip() for part in values.split(":")]
        scale = parts[2] if len(parts) > 2 else "linear"
        if len(parts) > 4 or scale not in ("log", "linear"):
            raise ConfigError(
                f"{text}: write NAME=LOW:HIGH, NAME=LOW:HIGH:log, or NAME=LOW:HIGH:linear:4 with "
                "the number of values of a grid search."
            )
        try:
            low, high = float(parts[0]), float(parts[1])
            n_grid = int(parts[3]) if len(parts) > 3 else SearchRange.n_grid
        except ValueError as error:
            raise ConfigError(f"{text}: {values} is not a range of numbers.") from error
        return _check(SearchRange(name, low, high, is_log=scale == "log", n_grid=n_grid))
    choices = tuple(parse_value(spec, value.strip()) for value in values.split(","))
    return _check(SearchRange(name, choices=choices))


def list_searchable() -> list[Spec]:
    """The settings that a study can vary."""
    return [spec for spec in SPECS.values() if spec.name not in _EXCLUDED]


def propose_range(name: str) -> SearchRange:
    """A sensible range of a setting.

    Raises:
        ConfigError: there is no such setting, or it cannot be varied.
    """
    spec = _get_spec(name)
    if name in _PROPOSALS:
        return _PROPOSALS[name]
    kind = spec.metadata["kind"]
    if kind == "boolean":
        return SearchRange(name, choices=(False, True))
    if kind == "choice":
        return SearchRange(name, choices=tuple(spec.metadata["choices"]))
    return SearchRange(name, spec.metadata["low"], spec.metadata["high"])


def check_space(space: tuple[SearchRange, ...]) -> None:
    """Check all ranges together.

    Raises:
        ConfigError: there is none, one is invalid, or two are of the same setting.
    """
    if not space:
        raise ConfigError("Nothing is varied. Choose at least one setting to search.")
    names = [one.name for one in space]
    for one in space:
        _get_spec(one.name)
        _check(one)
        if names.count(one.name) > 1:
            raise ConfigError(f"{one.name} is varied twice. Give one range.")


def count_grid(space: tuple[SearchRange, ...]) -> int:
    """How many trials a grid search has.

    Raises:
        ConfigError: too many to be carried out.
    """
    n_trials = math.prod(len(one.list_grid()) for one in space)
    if n_trials > MAX_GRID_TRIALS:
        raise ConfigError(
            f"This grid has {n_trials:,} combinations; at most {MAX_GRID_TRIALS:,} are allowed. "
            "Vary fewer settings or values, or use another sampler, which tries some of them."
        )
    return n_trials


_PROPOSALS = {
    one.name: one
    for one in (
        SearchRange("learning_rate", 1e-4, 1e-1, is_log=True),
        SearchRange("batch_size", choices=(32, 64, 128, 256)),
        SearchRange("optimizer", choices=("adam", "adamw", "sgd", "rmsprop")),
        SearchRange("dropout", 0.0, 0.6),
        SearchRange("weight_decay", 1e-5, 1e-1, is_log=True),
        SearchRange("l1", 1e-7, 1e-3, is_log=True),
        SearchRange("l2", 1e-6, 1e-2, is_log=True),
        SearchRange("momentum", 0.5, 0.99),
        SearchRange("label_smoothing", 0.0, 0.2),
        SearchRange("augmentation", 0.0, 1.0),
        SearchRange("epochs", 1, 20),
        SearchRange("schedule", choices=("constant", "cosine", "one_cycle")),
        SearchRange("rotation_deg", 0.0, 20.0),
        SearchRange("shift_px", 0.0, 4.0),
        SearchRange("zoom", 0.0, 0.3),
        SearchRange("ema_momentum", choices=(0.0, 0.9, 0.99, 0.999)),
        SearchRange("net", choices=("mlp", "lenet5", "simple_cnn", "classic_cnn")),
    )
}


def _get_spec(name: str) -> Spec:
    if name not in SPECS or name in _EXCLUDED:
        known = ", ".join(spec.name for spec in list_searchable())
        reason = "cannot be varied" if name in SPECS else "is not a setting"
        raise ConfigError(f"{name} {reason}. These can be: {known}.")
    return SPECS[name]


def _check(one: SearchRange) -> SearchRange:
    spec = one.spec
    if one.choices:
        if len(set(one.choices)) < 2:
            raise ConfigError(f"{one.name} has one value only. Give two or more, or set it.")
        for value in one.choices:
            check_value(spec, value)
        return one
    if spec.metadata["kind"] not in _NUMERIC:
        raise ConfigError(f"{one.name} takes no numbers. List its values: {one.name}=a,b.")
    if not one.low < one.high:
        raise ConfigError(f"{one.name}: {one.low:g} is not below {one.high:g}. Swap the limits.")
    if one.is_log and one.low <= 0:
        raise ConfigError(
            f"{one.name}: a log scale has no {one.low:g}. Begin above 0, or use a linear scale."
        )
    if not 2 <= one.n_grid <= MAX_GRID_TRIALS:
        raise ConfigError(f"{one.name}: a grid needs 2 to {MAX_GRID_TRIALS:,} values.")
    for limit in (one.low, one.high):
        check_value(spec, round(limit) if one.is_integer and limit == round(limit) else limit)
    return one


def _format_choice(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
