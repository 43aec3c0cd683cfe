"""A study on disk: what the app, the command line and the study's process share.

```
studies/20261127-101500/
├── job.json         StudyConfig
├── stop             its presence asks the process to stop
├── status.json      StepStatus: trials done and planned
├── trials.json      a list of TrialRecord, replaced after every change
├── importances.json how much each setting matters, by name
└── worker.log       what the process printed
```

Optuna's own storage is `studies/optuna.db`, or what `DIGITLAB_STUDY_STORAGE` names: it is the
truth, and the study's process alone opens it. A trial is a run in `runs/`.
"""

import contextlib
import importlib.util
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar

from digitlab.errors import ConfigError, RunError, describe_error
from digitlab.files import load_json, remove_directory, write_json
from digitlab.owners import LOCAL_OWNER, add_secret, check_owner
from digitlab.paths import get_runs_dir, get_studies_dir
from digitlab.runs.control import delete_run
from digitlab.runs.launcher import is_training_installed
from digitlab.runs.run import Run
from digitlab.step_jobs import StepJob
from digitlab.tuning.limits import check_study
from digitlab.tuning.study_config import StudyConfig

# The only place that names the module of the process, which imports Optuna.
_PROCESS_MODULE = "digitlab.tuning.study_main"
# How a trial ended, or that it runs.
RUNNING, COMPLETE, PRUNED, FAILED = "running", "complete", "pruned", "failed"


@dataclass(frozen=True)
class TrialRecord:
    """One trial.

    Attributes:
        number: from 0.
        run: the id of its run; "" if it could not be started.
        state: "running", "complete", "pruned" or "failed".
        values: of the varied settings.
        objective: its best value so far; None before the first epoch.
        message: why it failed.
    """

    number: int
    run: str
    state: str
    values: dict[str, Any] = field(default_factory=dict)
    objective: float | None = None
    message: str = ""


@dataclass(frozen=True)
class Study(StepJob):
    """One study, by its directory."""

    death_message: ClassVar[str] = (
        "The process of the study ended unexpectedly: it was killed, or memory ran out. Resume it: "
        "no finished trial is lost."
    )

    def read_config(self) -> StudyConfig:
        """What is searched.

        Raises:
            RunError: the file is damaged.
        """
        return self.load_spec(StudyConfig, f"The study {self.id}")

    @property
    def owner(self) -> str:
        """Whose it is; the operator's, who may delete it, if it is damaged."""
        try:
            return self.read_config().owner
        except (RunError, ConfigError):
            return LOCAL_OWNER

    def read_trials(self) -> list[TrialRecord]:
        """All trials in the order of their start; empty before the first.

        Raises:
            RunError: the file is damaged.
        """
        return self._load("trials.json", list[TrialRecord], [])

    @property
    def has_records(self) -> bool:
        """Whether a trial was ever begun."""
        return (self.directory / "trials.json").is_file()

    def read_importances(self) -> dict[str, float]:
        """How much of the objective's variance each setting explains, 0 to 1; empty if unknown.

        Raises:
            RunError: the file is damaged.
        """
        return self._load("importances.json", dict[str, float], {})

    def write_trials(self, trials: Sequence[TrialRecord]) -> None:
        """Replace the records; only the study's process calls this."""
        write_json(self.directory / "trials.json", [asdict(trial) for trial in trials])

    def write_importances(self, importances: dict[str, float]) -> None:
        """Replace the importances; only the study's process calls this."""
        write_json(self.directory / "importances.json", importances)

    def _load(self, name: str, kind: Any, default: Any) -> Any:
        try:
            return load_json(self.directory / name, kind)
        except FileNotFoundError:
            return default
        except (OSError, ValueError) as error:
            raise RunError(
                f"The file {name} of the study {self.id} is damaged ({describe_error(error)})."
            ) from error


def is_search_installed() -> bool:
    """Whether trials can be trained and Optuna is there; `make run` may still be installing it."""
    return is_training_installed() and importlib.util.find_spec("optuna") is not None


def get_storage_url() -> str:
    """The address of Optuna's storage."""
    named = os.environ.get("DIGITLAB_STUDY_STORAGE")
    return named or f"sqlite:///{get_studies_dir().resolve()}/optuna.db"


def create_study(config: StudyConfig, *, name: str | None = None) -> Study:
    """Create a study's directory and start its process.

    Args:
        name: of the directory; by default the time.
    Raises:
        RunError: a study of this name exists, the name is invalid, or the process cannot be
            started.
        LimitError: it is larger than a visitor's may be, or the visitor has one that runs.
    """
    check_study(config, is_busy=_is_searching(config.owner))
    study_id = name or add_secret(time.strftime("%Y%m%d-%H%M%S"), config.owner)
    if not study_id.replace("-", "").replace("_", "").isalnum() or not study_id.isascii():
        raise RunError(f"{study_id!r} is not a valid study name: use letters, digits, _ and -.")
    study = Study(get_studies_dir() / study_id)
    try:
        study.directory.mkdir(parents=True)
    except FileExistsError:
        raise RunError(f"A study named {study_id} exists. Choose another name.") from None
    except OSError as error:
        raise RunError(f"The study cannot be created: {describe_error(error)}.") from error
    try:
        _start(study, config)
    except RunError:
        shutil.rmtree(study.directory, ignore_errors=True)
        raise
    return study


def resume_study(
    study: Study, *, trials: int = 0, minutes: float = 0.0, owner: str = LOCAL_OWNER
) -> None:
    """Go on with a study that has ended.

    Args:
        trials: how many more; by default those that are missing.
        minutes: from now on; by default as many as before.
        owner: the acting owner.
    Raises:
        RunError: it is running, has all its trials, or cannot be started.
        ConfigError: it would have too many trials.
        OwnerError: it belongs to another user.
    """
    config = study.read_config()
    check_owner(f"The study {study.id}", study.owner, owner)
    if study.is_running():
        raise RunError(f"The study {study.id} is running.")
    n_done = count_finished(study.read_trials())
    if trials:
        config = replace(config, n_trials=n_done + trials)
    elif config.n_planned and n_done >= config.n_planned:
        raise RunError(f"The study {study.id} has all its {n_done} trials. Say how many more.")
    if minutes:
        config = replace(config, minutes=minutes)
    check_study(config, is_busy=_is_searching(config.owner))
    _start(study, config)


def stop_study(study: Study, *, owner: str = LOCAL_OWNER) -> None:
    """Ask a study to stop; the trial that runs is stopped too, and goes on with a resume.

    Raises:
        OwnerError: it belongs to another user.
        RunError: the request cannot be written.
    """
    check_owner(f"The study {study.id}", study.owner, owner)
    try:
        study.request_stop()
    except OSError as error:
        raise RunError(f"The study cannot be stopped: {describe_error(error)}.") from error


def delete_study(study: Study, *, owner: str = LOCAL_OWNER) -> None:
    """Remove a study and the runs of its trials; saved models are kept.

    Its rows in Optuna's storage are removed when a study of the same name is started.

    Raises:
        RunError: it is running, or files cannot be removed.
        OwnerError: it belongs to another user.
    """
    check_owner(f"The study {study.id}", study.owner, owner)
    if study.is_running():
        raise RunError(f"The study {study.id} is running. Stop it first.")
    for run in list_trial_runs(study.id):
        delete_run(run, owner=owner)
    try:
        remove_directory(study.directory)
    except OSError as error:
        raise RunError(f"The study cannot be deleted: {describe_error(error)}.") from error


def list_trial_runs(study_id: str) -> list[Run]:
    """The runs of a study's trials that still exist."""
    # By their names: there may be thousands of other runs.
    runs = [Run(path.parent) for path in get_runs_dir().glob(f"{study_id}-*/config.json")]
    found = []
    for run in runs:
        with contextlib.suppress(RunError):
            if run.read_meta().study == study_id:
                found.append(run)
    return found


def get_study(study_id: str) -> Study:
    """An existing study by its id.

    Raises:
        RunError: there is none.
    """
    for study in list_studies():
        if study.id == study_id:
            return study
    raise RunError(f"There is no study {study_id}.")


def list_studies(*, owner: str = LOCAL_OWNER) -> list[Study]:
    """The studies of an owner, the newest first; those of all for the server's operator."""
    found = sorted(
        get_studies_dir().glob("*/job.json"),
        key=lambda path: path.parent.stat().st_ctime,
        reverse=True,
    )
    studies = [Study(path.parent) for path in found if not path.parent.name.startswith(".")]
    return [study for study in studies if owner in (LOCAL_OWNER, study.owner)]


def count_finished(trials: Sequence[TrialRecord]) -> int:
    """How many trials count: the complete and the pruned ones."""
    return sum(trial.state in (COMPLETE, PRUNED) for trial in trials)


def find_best(config: StudyConfig, trials: Sequence[TrialRecord]) -> TrialRecord | None:
    """The best complete trial; None before there is one."""
    complete = [one for one in trials if one.state == COMPLETE and one.objective is not None]
    choose = max if config.is_maximized else min
    return choose(complete, key=lambda one: one.objective or 0.0) if complete else None


def _is_searching(owner: str) -> bool:
    return any(study.is_running() for study in list_studies(owner=owner))


def _start(study: Study, config: StudyConfig) -> None:
    try:
        with study.get_lock():
            study.start(_PROCESS_MODULE, config)
    except OSError as error:
        raise RunError(f"The study could not be started: {describe_error(error)}.") from error
