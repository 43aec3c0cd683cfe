"""Carry out a study with Optuna: its sampler proposes settings, each trial is a run.

Optuna samples, prunes, stores and notices a dead process; this module only says what a trial is.
"""

import math
import time
import warnings
from collections.abc import Callable
from typing import Any

import optuna

from digitlab.errors import ConfigError, RunError
from digitlab.runs.control import (
    can_resume,
    is_active,
    resume_run,
    start_run,
    stop_run,
    test_run,
)
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run, create_run, list_runs
from digitlab.runs.status import RunStatus
from digitlab.step_jobs import StepProgress, StopRequested
from digitlab.tuning.search_space import SearchRange
from digitlab.tuning.study import (
    COMPLETE,
    FAILED,
    PRUNED,
    RUNNING,
    Study,
    TrialRecord,
    find_best,
    get_storage_url,
)
from digitlab.tuning.study_config import StudyConfig

_STATES = {
    optuna.trial.TrialState.RUNNING: RUNNING,
    optuna.trial.TrialState.COMPLETE: COMPLETE,
    optuna.trial.TrialState.PRUNED: PRUNED,
    optuna.trial.TrialState.FAIL: FAILED,
}
_FINISHED = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
_POLL_S = 0.05
# A study's process that has not said so for the grace period is dead, and its trial is repeated.
_HEARTBEAT_S, _GRACE_S = 1, 5
_MAX_RETRIES = 3
_MAX_FAILURES = 5
_MIN_FOR_IMPORTANCE = 4
_RUN, _MESSAGE, _RETRIES = "run", "message", "retries"


class _TrialFailed(Exception):  # noqa: N818
    """The trial's worker has died, or its run has failed."""


def run_study(study: Study, progress: StepProgress) -> None:
    """Train trials until there are as many as planned or the time is over; test the best one.

    Raises:
        StopRequested: the user has stopped it.
        RunError: several trials in a row have failed.
    """
    _Optimization(study, progress).run()


class _Optimization:
    """One session of a study."""

    def __init__(self, study: Study, progress: StepProgress) -> None:
        self._study, self._progress = study, progress
        self._config = study.read_config()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        # Retrying and heartbeats are marked as experimental.
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        self._optuna = optuna.create_study(
            study_name=study.id,
            storage=open_storage(),
            pruner=_PRUNERS[self._config.pruner](self._config),
            direction="maximize" if self._config.is_maximized else "minimize",
            load_if_exists=True,
        )
        # Another seed in each session: else a resumed study would propose the same values again.
        seed = self._config.seed + len(self._optuna.get_trials(deepcopy=False))
        self._optuna.sampler = _SAMPLERS[self._config.sampler](self._config, seed)
        self._deadline_s = time.monotonic() + (60 * self._config.minutes or math.inf)

    def run(self) -> None:
        """See `run_study`."""
        self._repeat_stale_trials()
        n_failures = 0
        while not self._is_over():
            n_before = self._count_finished()
            self._optuna.optimize(self._objective, n_trials=1, catch=(_TrialFailed,))
            self._record()
            n_failures = 0 if self._count_finished() > n_before else n_failures + 1
            if n_failures >= _MAX_FAILURES:
                message = self._optuna.trials[-1].user_attrs.get(_MESSAGE, "no reason is known")
                raise RunError(f"{_MAX_FAILURES} trials in a row have failed: {message}")
        self._write_importances()
        best = find_best(self._config, self._study.read_trials())
        if best is not None:
            self._test(_find_run(best.run))

    def _repeat_stale_trials(self) -> None:
        """Let Optuna notice the trial that ran when the last session was killed, and repeat it."""
        end_s = time.monotonic() + 3 * _GRACE_S
        running = (optuna.trial.TrialState.RUNNING,)
        while self._optuna.get_trials(deepcopy=False, states=running):
            optuna.storages.fail_stale_trials(self._optuna)
            self._report()
            if time.monotonic() > end_s:
                raise RunError(
                    "Another process is carrying out this study. Wait until it has ended."
                )
            time.sleep(_POLL_S)

    def _is_over(self) -> bool:
        planned = self._config.n_planned
        has_all = planned > 0 and self._count_finished() >= planned
        return has_all or time.monotonic() > self._deadline_s

    def _objective(self, trial: optuna.Trial) -> float:
        values = {one.name: _suggest(trial, one) for one in self._config.space}
        try:
            config = self._config.build_trial_config(values)
        except ConfigError as error:
            trial.set_user_attr(_MESSAGE, str(error))
            raise _TrialFailed from error
        run = self._find_run(config) or create_run(
            config,
            name=f"{self._study.id}-{trial.number:03d}",
            owner=self._config.owner,
            study=self._study.id,
        )
        trial.set_user_attr(_RUN, run.id)
        self._start(run)
        self._record()
        self._write_importances()
        try:
            is_pruned, status = self._follow(trial, run)
        except StopRequested:
            # The same values again after a resume, which goes on with the run.
            self._repeat(trial)
            stop_run(run, owner=self._config.owner)
            raise
        return self._finish(trial, run, status, is_pruned)

    def _follow(self, trial: optuna.Trial, run: Run) -> tuple[bool, RunStatus]:
        """Report the epochs of a run until it ends; whether it was pruned, and its last status."""
        n_reported, is_pruned = 0, False
        while True:
            # Before the history, which is complete once the status is final.
            status = inspect_run(run)
            self._report()
            for row in run.read_history()[n_reported:]:
                n_reported += 1
                value = row.get(self._config.objective, math.nan)
                if math.isfinite(value):
                    trial.report(value, int(row["epoch"]))
                    is_pruned = is_pruned or (not status.is_final and trial.should_prune())
            if status.is_final:
                return is_pruned, status
            if is_pruned and not run.is_stop_requested():
                stop_run(run, owner=self._config.owner)
            time.sleep(_POLL_S)

    def _finish(self, trial: optuna.Trial, run: Run, status: RunStatus, is_pruned: bool) -> float:
        """The value of a trial whose run has ended."""
        trial.set_user_attr(_MESSAGE, status.message)
        if status.state == "interrupted":
            self._repeat(trial)
            raise _TrialFailed
        is_pruned = is_pruned or self._was_pruned(run)
        if is_pruned or status.state in ("cancelled", "failed"):
            # A diverged run is a result, too: its values are bad.
            raise optuna.TrialPruned
        value = self._read_best(run)
        if value is None:
            raise optuna.TrialPruned
        return value

    def _repeat(self, trial: optuna.Trial) -> None:
        """Put the values of a trial that was cut off back into the queue, a few times."""
        n_retries = trial.user_attrs.get(_RETRIES, 0)
        if n_retries < _MAX_RETRIES:
            self._optuna.enqueue_trial(trial.params, user_attrs={_RETRIES: n_retries + 1})

    def _find_run(self, config: Any) -> Run | None:
        """The run of an earlier trial with these settings: it was cut off, or values repeat."""
        for run in list_runs():
            try:
                if run.read_meta().study == self._study.id and run.read_config() == config:
                    return run
            except RunError:
                continue
        return None

    def _start(self, run: Run) -> None:
        status = run.read_status()
        if is_active(run) or status.state in ("done", "failed"):
            return
        if status.state == "stopped" and can_resume(run) and not self._was_pruned(run):
            resume_run(run, owner=self._config.owner)
        elif status.state in ("waiting", "cancelled", "interrupted"):
            start_run(run, owner=self._config.owner)

    def _was_pruned(self, run: Run) -> bool:
        return any(
            trial.user_attrs.get(_RUN) == run.id and trial.state == optuna.trial.TrialState.PRUNED
            for trial in self._optuna.trials
        )

    def _read_best(self, run: Run) -> float | None:
        values = [row.get(self._config.objective, math.nan) for row in run.read_history()]
        finite = [value for value in values if math.isfinite(value)]
        choose = max if self._config.is_maximized else min
        return choose(finite) if finite else None

    def _count_finished(self) -> int:
        return len(self._optuna.get_trials(deepcopy=False, states=_FINISHED))

    def _report(self) -> None:
        """Write the progress; raises StopRequested."""
        self._progress(self._count_finished(), self._config.n_planned)

    def _record(self) -> None:
        """Write the trials for those who do not open Optuna's storage."""
        records = []
        for trial in self._optuna.get_trials(deepcopy=False):
            run_id = trial.user_attrs.get(_RUN, "")
            if trial.state not in _STATES:
                # It waits to be repeated.
                continue
            value = trial.value if trial.state == optuna.trial.TrialState.COMPLETE else None
            if value is None and trial.intermediate_values:
                choose = max if self._config.is_maximized else min
                value = choose(trial.intermediate_values.values())
            records.append(
                TrialRecord(
                    trial.number,
                    run_id,
                    _STATES[trial.state],
                    dict(trial.params),
                    value,
                    trial.user_attrs.get(_MESSAGE, ""),
                )
            )
        self._study.write_trials(records)

    def _write_importances(self) -> None:
        complete = self._optuna.get_trials(
            deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,)
        )
        values = {trial.value for trial in complete}
        if len(complete) < _MIN_FOR_IMPORTANCE or len(values) < 2 or len(self._config.space) < 2:
            return
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        self._study.write_importances(
            optuna.importance.get_param_importances(self._optuna, evaluator=evaluator)
        )

    def _test(self, run: Run) -> None:
        if run.has_model:
            return
        test_run(run, owner=self._config.owner)
        while not (status := inspect_run(run)).is_final:
            self._report()
            time.sleep(_POLL_S)
        if not run.has_model:
            raise RunError(f"The best trial, {run.id}, could not be evaluated: {status.message}")


def open_storage() -> optuna.storages.RDBStorage:
    """Optuna's storage: SQLite, or what `DIGITLAB_STUDY_STORAGE` names.

    Raises:
        RunError: it cannot be opened.
    """
    url = get_storage_url()
    try:
        return optuna.storages.RDBStorage(
            url,
            heartbeat_interval=_HEARTBEAT_S,
            grace_period=_GRACE_S,
            heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(
                max_retry=_MAX_RETRIES
            ),
        )
    except (ImportError, OSError, ValueError, _get_database_errors()) as error:
        raise RunError(
            f"The storage of the studies cannot be opened ({str(error).splitlines()[0]}). Check "
            "DIGITLAB_STUDY_STORAGE."
        ) from error


def _get_database_errors() -> type[Exception]:
    from sqlalchemy.exc import SQLAlchemyError

    return SQLAlchemyError


def _suggest(trial: optuna.Trial, one: SearchRange) -> Any:
    if one.choices:
        return trial.suggest_categorical(one.name, one.choices)
    if one.is_integer:
        return trial.suggest_int(one.name, round(one.low), round(one.high), log=one.is_log)
    return trial.suggest_float(one.name, one.low, one.high, log=one.is_log)


_SAMPLERS: dict[str, Callable[[StudyConfig, int], optuna.samplers.BaseSampler]] = {
    "tpe": lambda _, seed: optuna.samplers.TPESampler(seed=seed),
    "random": lambda _, seed: optuna.samplers.RandomSampler(seed=seed),
    # The same seed in each session, which it skips the visited combinations with.
    "grid": lambda config, _: optuna.samplers.GridSampler(
        {one.name: one.list_grid() for one in config.space}, seed=config.seed
    ),
    "cmaes": lambda _, seed: optuna.samplers.CmaEsSampler(seed=seed),
}
_PRUNERS: dict[str, Callable[[StudyConfig], optuna.pruners.BasePruner]] = {
    "none": lambda config: optuna.pruners.NopPruner(),
    "median": lambda config: optuna.pruners.MedianPruner(n_startup_trials=5),
    "hyperband": lambda config: optuna.pruners.HyperbandPruner(
        max_resource=config.base_config.epochs
    ),
}


def _find_run(run_id: str) -> Run:
    for run in list_runs():
        if run.id == run_id:
            return run
    raise RunError(f"The run {run_id} was deleted.")
