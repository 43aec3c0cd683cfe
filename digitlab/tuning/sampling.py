"""What Optuna needs to know of a study: its storage, sampler and pruner, and each range."""

import warnings
from collections.abc import Callable
from typing import Any

import optuna
from sqlalchemy.exc import SQLAlchemyError

from digitlab.errors import RunError
from digitlab.tuning.search_space import SearchRange
from digitlab.tuning.study import get_storage_url
from digitlab.tuning.study_config import StudyConfig

# A study's process that has not said so for the grace period is dead, and its trial is repeated.
HEARTBEAT_S, GRACE_S = 1, 5
MAX_RETRIES = 3


def open_storage() -> optuna.storages.RDBStorage:
    """Optuna's storage: SQLite, or what `DIGITLAB_STUDY_STORAGE` names.

    Raises:
        RunError: it cannot be opened.
    """
    url = get_storage_url()
    # Retrying and heartbeats are marked as experimental.
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    try:
        return optuna.storages.RDBStorage(
            url,
            heartbeat_interval=HEARTBEAT_S,
            grace_period=GRACE_S,
            heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(
                max_retry=MAX_RETRIES
            ),
        )
    except (ImportError, OSError, ValueError, SQLAlchemyError) as error:
        raise RunError(
            f"The storage of the studies cannot be opened ({str(error).splitlines()[0]}). Check "
            "DIGITLAB_STUDY_STORAGE."
        ) from error


def suggest(trial: optuna.Trial, one: SearchRange) -> Any:
    """Let Optuna choose a value of one setting."""
    if one.choices:
        return trial.suggest_categorical(one.name, one.choices)
    if one.is_integer:
        return trial.suggest_int(one.name, round(one.low), round(one.high), log=one.is_log)
    return trial.suggest_float(one.name, one.low, one.high, log=one.is_log)


SAMPLER_BUILDERS: dict[str, Callable[[StudyConfig, int], optuna.samplers.BaseSampler]] = {
    "tpe": lambda _, seed: optuna.samplers.TPESampler(seed=seed),
    "random": lambda _, seed: optuna.samplers.RandomSampler(seed=seed),
    # The same seed in each session, which it skips the visited combinations with.
    "grid": lambda config, _: optuna.samplers.GridSampler(
        {one.name: one.list_grid() for one in config.space}, seed=config.seed
    ),
    "cmaes": lambda _, seed: optuna.samplers.CmaEsSampler(seed=seed),
}
PRUNER_BUILDERS: dict[str, Callable[[StudyConfig], optuna.pruners.BasePruner]] = {
    "none": lambda config: optuna.pruners.NopPruner(),
    "median": lambda config: optuna.pruners.MedianPruner(n_startup_trials=5),
    "hyperband": lambda config: optuna.pruners.HyperbandPruner(
        max_resource=config.base_config.epochs
    ),
}
