"""Carry out a study with Optuna: its sampler proposes settings, each trial is a run.

Optuna samples, prunes, stores and notices a dead process; this module only says what a trial is.
"""

import contextlib
import math
import threading
import time
from collections.abc import Callable
from typing import Any

import optuna

from digitlab.errors import ConfigError, RunError
from digitlab.runs.control import stop_run, test_run
from digitlab.runs.health import inspect_run
from digitlab.runs.run import Run, create_run, get_run
from digitlab.runs.status import RunStatus
from digitlab.step_jobs import StepProgress, StopRequested
from digitlab.tuning.engines import POLL_S, build_engine
from digitlab.tuning.sampling import (
    GRACE_S,
    MAX_RETRIES,
    PRUNER_BUILDERS,
    SAMPLER_BUILDERS,
    open_storage,
    suggest,
)
from digitlab.tuning.study import (
    COMPLETE,
    FAILED,
    PRUNED,
    RUNNING,
    Study,
    TrialRecord,
    find_best,
    list_trial_runs,
)

_STATES = {
    optuna.trial.TrialState.RUNNING: RUNNING,
    optuna.trial.TrialState.COMPLETE: COMPLETE,
    optuna.trial.TrialState.PRUNED: PRUNED,
    optuna.trial.TrialState.FAIL: FAILED,
}
_FINISHED = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
_MAX_FAILURES = 5
_MIN_FOR_IMPORTANCE = 4
# User attributes of trials in Optuna.
_RUN, _MESSAGE, _RETRIES, _VALUES = "run", "message", "retries", "values"


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
        storage = open_storage()
        if not study.has_records:
            # A study of this name that was deleted has left its trials in the storage.
            with contextlib.suppress(KeyError):
                optuna.delete_study(study_name=study.id, storage=storage)
        self._optuna = optuna.create_study(
            study_name=study.id,
            storage=storage,
            pruner=PRUNER_BUILDERS[self._config.pruner](self._config),
            direction="maximize" if self._config.is_maximized else "minimize",
            load_if_exists=True,
        )
        # Another seed in each session: else a resumed study would propose the same values again.
        seed = self._config.seed + len(self._optuna.get_trials(deepcopy=False))
        self._optuna.sampler = SAMPLER_BUILDERS[self._config.sampler](self._config, seed)
        self._engine = build_engine(self._config)
        # Trials of a cluster are watched by a thread each.
        self._lock = threading.RLock()
        self._n_failures = 0
        self._n_finished = self._count_finished()
        self._deadline_s = time.monotonic() + (60 * self._config.minutes or math.inf)

    def run(self) -> None:
        """See `run_study`."""
        self._repeat_stale_trials()
        while not self._is_over():
            planned = self._config.n_planned
            self._optuna.optimize(
                self._objective,
                n_trials=planned - self._count_finished() if planned else None,
                n_jobs=self._engine.n_parallel,
                catch=(_TrialFailed,),
                callbacks=[self._after_trial],
            )
        self._write_importances()
        best = find_best(self._config, self._study.read_trials())
        if best is not None:
            self._test(get_run(best.run))

    def _after_trial(self, _: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        self._record()
        is_failure = trial.state == optuna.trial.TrialState.FAIL
        self._n_failures = self._n_failures + 1 if is_failure else 0
        if self._n_failures >= _MAX_FAILURES:
            message = trial.user_attrs.get(_MESSAGE) or "no reason is known"
            raise RunError(f"{_MAX_FAILURES} trials in a row have failed: {message}")
        if self._is_over():
            self._optuna.stop()

    def _repeat_stale_trials(self) -> None:
        """Let Optuna notice the trial that ran when the last session was killed, and repeat it."""
        end_s = time.monotonic() + 3 * GRACE_S
        running = (optuna.trial.TrialState.RUNNING,)
        for trial in self._optuna.get_trials(deepcopy=False, states=running):
            if not trial.params:
                # Killed before its first sign of life, whose end Optuna would never notice.
                self._optuna.tell(trial.number, state=optuna.trial.TrialState.FAIL)
                if _VALUES in trial.user_attrs:
                    self._enqueue(trial.user_attrs[_VALUES], trial.user_attrs[_RETRIES])
        while self._optuna.get_trials(deepcopy=False, states=running):
            optuna.storages.fail_stale_trials(self._optuna)
            self._report()
            if time.monotonic() > end_s:
                raise RunError(
                    "Another process is carrying out this study. Wait until it has ended."
                )
            time.sleep(POLL_S)

    def _is_over(self) -> bool:
        planned = self._config.n_planned
        has_all = planned > 0 and self._count_finished() >= planned
        return has_all or time.monotonic() > self._deadline_s

    def _objective(self, trial: optuna.Trial) -> float:
        values = {one.name: suggest(trial, one) for one in self._config.space}
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
        self._record()
        self._write_importances()
        if self._was_pruned(run):
            raise optuna.TrialPruned
        watch = _Watch(trial, run, self._config.objective, self._report)
        try:
            status = self._engine.carry_out(run, watch)
        except StopRequested:
            # The same values again after a resume, which goes on with the run.
            self._repeat(trial)
            stop_run(run, owner=self._config.owner)
            raise
        return self._finish(trial, run, status, is_pruned=watch.is_pruned)

    def _finish(
        self, trial: optuna.Trial, run: Run, status: RunStatus, *, is_pruned: bool
    ) -> float:
        """The value of a trial whose run has ended."""
        trial.set_user_attr(_MESSAGE, status.message)
        if status.state == "interrupted":
            self._repeat(trial)
            raise _TrialFailed
        if is_pruned or status.state in ("cancelled", "failed"):
            # A diverged run is a result, too: its values are bad.
            raise optuna.TrialPruned
        objective = self._config.objective
        value = self._config.find_best_value(
            row[objective] for row in run.read_history() if objective in row
        )
        if value is None:
            raise optuna.TrialPruned
        return value

    def _repeat(self, trial: optuna.Trial) -> None:
        """Put the values of a trial that was cut off back into the queue, a few times."""
        n_retries = trial.user_attrs.get(_RETRIES, 0)
        if n_retries < MAX_RETRIES:
            self._enqueue(trial.params, n_retries + 1)

    def _enqueue(self, values: dict[str, Any], n_retries: int) -> None:
        attributes = {_RETRIES: n_retries, _VALUES: values}
        self._optuna.enqueue_trial(values, user_attrs=attributes)

    def _find_run(self, config: Any) -> Run | None:
        """The run of an earlier trial with these settings: it was cut off, or values repeat."""
        for run in list_trial_runs(self._study.id):
            with contextlib.suppress(RunError):
                if run.read_config() == config:
                    return run
        return None

    def _was_pruned(self, run: Run) -> bool:
        return any(
            trial.user_attrs.get(_RUN) == run.id and trial.state == optuna.trial.TrialState.PRUNED
            for trial in self._optuna.get_trials(deepcopy=False)
        )

    def _count_finished(self) -> int:
        return len(self._optuna.get_trials(deepcopy=False, states=_FINISHED))

    def _report(self) -> None:
        """Write the progress; raises StopRequested."""
        with self._lock:
            # Not counted anew: a query many times a second would slow down the training.
            self._progress(self._n_finished, self._config.n_planned)

    def _record(self) -> None:
        """Write the trials for those who do not open Optuna's storage."""
        self._n_finished = self._count_finished()
        records = []
        for trial in self._optuna.get_trials(deepcopy=False):
            run_id = trial.user_attrs.get(_RUN, "")
            if trial.state not in _STATES:
                # It waits to be repeated.
                continue
            # Of a complete trial, this is its value.
            value = self._config.find_best_value(trial.intermediate_values.values())
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
        with self._lock:
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
            time.sleep(POLL_S)
        if not run.has_model:
            raise RunError(f"The best trial, {run.id}, could not be evaluated: {status.message}")


class _Watch:
    """Tells Optuna the epochs of a run, and asks whether to prune it."""

    def __init__(
        self, trial: optuna.Trial, run: Run, objective: str, report: Callable[[], None]
    ) -> None:
        self.is_pruned = False
        self._trial, self._run, self._objective, self._report = trial, run, objective, report
        self._n_reported = 0

    def __call__(self, status: RunStatus) -> bool:
        """Whether the run should be stopped; raises StopRequested."""
        self._report()
        for row in self._run.read_history()[self._n_reported :]:
            self._n_reported += 1
            value = row.get(self._objective, math.nan)
            if math.isfinite(value):
                self._trial.report(value, int(row["epoch"]))
                if not status.is_final and self._trial.should_prune():
                    self.is_pruned = True
        return self.is_pruned
