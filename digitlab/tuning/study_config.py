"""What a study is, without carrying it out."""

import math
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from digitlab.errors import ConfigError
from digitlab.owners import LOCAL_OWNER
from digitlab.training.config import TrainConfig
from digitlab.training.fields import Choice
from digitlab.tuning.search_space import SearchRange, check_space, count_grid

SAMPLERS = {
    one.id: one
    for one in (
        Choice(
            "tpe", "TPE (Bayesian)",
            "Models which values were good so far, and tries the most promising ones next "
            "(tree-structured Parzen estimator).",
        ),
        Choice("random", "Random", "Values at random: a strong baseline."),
        Choice("grid", "Grid", "Every combination of a few values."),
        Choice(
            "cmaes", "CMA-ES",
            "Moves and reshapes a normal distribution towards good values; for two or more "
            "numbers.",
        ),
    )
}  # fmt: skip
PRUNERS = {
    one.id: one
    for one in (
        Choice("median", "Median", "Stops a trial whose epoch is worse than the median so far."),
        Choice(
            "hyperband", "Hyperband", "Gives most trials few epochs, and the best of them more."
        ),
        Choice("none", "None", "Trains every trial to its end."),
    )
}
OBJECTIVES = {
    one.id: one
    for one in (
        Choice("val_accuracy", "Validation accuracy", "The larger the better."),
        Choice("val_loss", "Validation loss", "The smaller the better; it also sees confidence."),
    )
}
ENGINES = ("queue", "ray")
MAX_TRIALS = 10_000
MAX_MINUTES = 7 * 24 * 60.0


@dataclass(frozen=True)
class StudyConfig:
    """A hyperparameter search.

    Attributes:
        base: the settings of every trial but for those that are varied, as `TrainConfig.to_json`.
        space: what is varied.
        sampler, pruner, objective: ids in the tables of this module.
        n_trials: how many are trained, pruned ones included; 0 for as many as the minutes allow.
            A grid search ends with its grid.
        minutes: no trial starts later; 0 for no limit.
        seed: of the sampler.
        full_epochs, full_training_fraction: of the training of the best trial's settings
            afterwards; 0 takes those of `base`.
        engine: "queue" for this computer, "ray" for a cluster at `address`, whose trials take
            `cpus_per_trial` processor cores each.
        label: the name that users see.
        owner: who may act on it.
    """

    base: dict[str, Any]
    space: tuple[SearchRange, ...]
    sampler: str = "tpe"
    pruner: str = "median"
    objective: str = "val_accuracy"
    n_trials: int = 30
    minutes: float = 0.0
    seed: int = 0
    full_epochs: int = 0
    full_training_fraction: float = 0.0
    engine: str = "queue"
    address: str = ""
    cpus_per_trial: float = 1.0
    label: str = ""
    owner: str = LOCAL_OWNER

    def __post_init__(self) -> None:
        """Check everything.

        Raises:
            ConfigError: names what is wrong, why, and what to do.
        """
        base = self.base_config
        check_space(self.space)
        for name, table in (("sampler", SAMPLERS), ("pruner", PRUNERS), ("objective", OBJECTIVES)):
            value = getattr(self, name)
            if value not in table:
                raise ConfigError(f"{name} is {value!r}; it must be one of {', '.join(table)}.")
        if self.engine not in ENGINES or self.cpus_per_trial <= 0:
            raise ConfigError(
                f"engine is {self.engine!r} with {self.cpus_per_trial:g} cores a trial; it must be "
                f"one of {', '.join(ENGINES)}, with more than 0."
            )
        if not (0 <= self.n_trials <= MAX_TRIALS and 0 <= self.minutes <= MAX_MINUTES):
            raise ConfigError(
                f"At most {MAX_TRIALS:,} trials and {MAX_MINUTES:,.0f} minutes are allowed."
            )
        if self.sampler == "grid":
            count_grid(self.space)
        elif not self.n_trials and not self.minutes:
            raise ConfigError("The search has no end. Give a number of trials or of minutes.")
        if self.sampler == "cmaes" and (
            len(self.space) < 2 or any(one.choices for one in self.space)
        ):
            raise ConfigError(
                "CMA-ES varies two or more numbers, and no lists of values. Choose TPE instead."
            )
        if not base.validation_split:
            raise ConfigError(
                "validation_split is 0, but trials are compared on validation data. Set it to 0.1, "
                "for example."
            )
        # Values that contradict other settings are found now, not after an hour.
        for values in self.list_corners():
            self.build_trial_config(values)

    @property
    def base_config(self) -> TrainConfig:
        """The base as a config."""
        return TrainConfig.from_json(self.base)

    @property
    def is_maximized(self) -> bool:
        """Whether a larger value of the objective is better."""
        return self.objective == "val_accuracy"

    @property
    def n_planned(self) -> int:
        """How many trials are planned; 0 if only the time is limited."""
        if self.sampler != "grid":
            return self.n_trials
        n_grid = count_grid(self.space)
        return min(n_grid, self.n_trials) if self.n_trials else n_grid

    def build_trial_config(self, values: Mapping[str, Any]) -> TrainConfig:
        """The settings of a trial.

        Args:
            values: of the varied settings, by name.
        Raises:
            ConfigError: they contradict other settings.
        """
        return replace(self.base_config, **values)

    def build_full_config(self, values: Mapping[str, Any]) -> TrainConfig:
        """The settings of a full training with a trial's values."""
        config = self.build_trial_config(values)
        if self.full_epochs and "epochs" not in values:
            config = replace(config, epochs=self.full_epochs)
        if self.full_training_fraction and "training_fraction" not in values:
            config = replace(config, training_fraction=self.full_training_fraction)
        return config

    def find_best_value(self, values: Iterable[float]) -> float | None:
        """The best value of the objective; None if none is a number."""
        finite = [value for value in values if math.isfinite(value)]
        choose = max if self.is_maximized else min
        return choose(finite, default=None)

    def format_command(self) -> str:
        """The command that repeats this search."""
        base = self.base_config.format_command().removeprefix("python -m digitlab train")
        parts = [f"python -m digitlab tune{base}"]
        parts += [f"--vary {one.format()}" for one in self.space]
        for name in ("sampler", "pruner", "objective", "n_trials", "minutes", "study_seed"):
            value = self.seed if name == "study_seed" else getattr(self, name)
            flag = {"n_trials": "--trials"}.get(name, f"--{name.replace('_', '-')}")
            if value:
                parts.append(f"{flag} {value:g}" if isinstance(value, float) else f"{flag} {value}")
        if self.engine != "queue":
            parts.append(f"--engine {self.engine} --cpus {self.cpus_per_trial:g}")
            parts += [f"--address {shlex.quote(self.address)}"] if self.address else []
        return " ".join(parts)

    def list_corners(self) -> list[dict[str, Any]]:
        """The first, the last and each listed value of every range, the others as in the base."""
        corners: list[dict[str, Any]] = []
        for one in self.space:
            ends = one.choices or (one.list_grid()[0], one.list_grid()[-1])
            corners += [{one.name: value} for value in ends]
        return corners
