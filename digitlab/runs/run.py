"""The run directory: all that the app and the worker share. Must not import Keras.

```
runs/20261121-101500-simple_cnn/
├── config.json         TrainConfig, written by whoever creates the run
├── meta.json           RunMeta: label, owner, epochs planned after a resume
├── digits.npz          the user's digits, classified after each epoch
├── taught.npz          the user's digits to learn from (`training/teaching.py`)
├── stop                its presence asks the worker to stop after the batch
├── status.json         RunStatus, replaced atomically
├── heartbeat.json      rewritten every second while the worker is running
├── batches.csv         a few lines per second: loss, accuracy, learning rate, images per second
├── history.csv         one line per epoch, by Keras's CSVLogger
├── digits.csv          the class probabilities of the user's digits, one line per digit and epoch
├── checkpoint*.h5      weights and optimizer of the last two epochs
├── best.weights.h5     the best epoch's weights
├── tensorboard/        for `tensorboard --logdir runs`
├── model.*             the exported formats, see `model_store/formats.py`
├── report.npz  card.json
└── worker.log          what the worker printed
```
"""

import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from digitlab.datasets.registry import check_is_not_deleted, get_dataset_spec
from digitlab.errors import ConfigError, RunError, describe_error
from digitlab.files import load_json, write_json
from digitlab.jobs import JobDirectory
from digitlab.owners import LOCAL_OWNER, add_secret
from digitlab.paths import get_runs_dir
from digitlab.runs.status import RunMeta, RunStatus
from digitlab.runs.tables import DigitReadings, Row, read_readings, read_rows, save_digits
from digitlab.runs.taught import save_taught_digits
from digitlab.training.config import TrainConfig
from digitlab.training.teaching import TaughtDigits

MAX_LABEL_CHARACTERS = 80
_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Run(JobDirectory[RunStatus]):
    """One run, by its directory."""

    status_type: ClassVar[type[RunStatus]] = RunStatus

    @property
    def history_path(self) -> Path:
        """Keras's CSV log, one line per epoch; also offered as a download."""
        return self.directory / "history.csv"

    @property
    def batches_path(self) -> Path:
        """The table of batches."""
        return self.directory / "batches.csv"

    @property
    def has_model(self) -> bool:
        """Whether a model was trained, evaluated and exported."""
        return (self.directory / "card.json").is_file()

    def read_config(self) -> TrainConfig:
        """The run's settings.

        Raises:
            RunError: they are missing, unreadable or invalid.
        """
        try:
            values = load_json(self.directory / "config.json", dict[str, Any])
        except (OSError, ValueError) as error:
            reason = describe_error(error)
            raise RunError(f"The run {self.id} has no readable config.json ({reason}).") from error
        try:
            return TrainConfig.from_json(values)
        except ConfigError as error:
            raise RunError(f"The settings of the run {self.id} are invalid: {error}") from error

    def read_meta(self) -> RunMeta:
        """Its label and owner, and the number of epochs after a resume.

        Raises:
            RunError: the file is damaged.
        """
        try:
            return load_json(self.directory / "meta.json", RunMeta)
        except FileNotFoundError:
            return RunMeta()
        except (OSError, ValueError) as error:
            reason = describe_error(error)
            raise RunError(
                f"The file meta.json of the run {self.id} is damaged ({reason})."
            ) from error

    @property
    def owner(self) -> str:
        """Whose it is. Of a damaged run no owner is known: the server's operator may delete it."""
        try:
            return self.read_meta().owner
        except RunError:
            return LOCAL_OWNER

    def write_meta(self, meta: RunMeta) -> None:
        """Replace `meta.json`.

        Raises:
            RunError: it cannot be written.
        """
        try:
            write_json(self.directory / "meta.json", asdict(meta))
        except OSError as error:
            reason = describe_error(error)
            raise RunError(f"The run {self.id} cannot be changed: {reason}.") from error

    def update_status(self, **changes: Any) -> None:
        """Change some fields of the status as written last.

        Raises:
            RunError: the status file is damaged.
            OSError: it cannot be written.
        """
        self.write_status(replace(self.read_status(), **changes))

    def read_history(self) -> list[Row]:
        """One dictionary per epoch, as Keras named the values; empty before the first.

        Always `epoch` (from 0) and `loss`; usually `accuracy`, `val_loss`, `val_accuracy`,
        `learning_rate` (at the end of the epoch) and `seconds` (validation included).
        """
        return read_rows(self.history_path)[0]

    def read_batches(self, since: int = 0) -> tuple[list[Row], int]:
        """What happened within the epochs, a few rows per second.

        Args:
            since: the file position returned by the previous call, to read only what is new;
                0 for everything.
        Returns:
            Rows with `epoch` (from 0), `batch` (complete ones), `loss` and `accuracy` (of the
            batches since the previous row, not of the whole epoch), `learning_rate`,
            `images_per_s` and `seconds` (of training since the run's, or its resume's, first
            batch); and the file position for the next call. It starts again from 0 when a resume
            has shortened the table.
        """
        return read_rows(self.batches_path, since)

    def read_digits(self) -> DigitReadings | None:
        """The user's digits and their class probabilities after each epoch; None without any."""
        return read_readings(self.directory)

    def format_command(self) -> str:
        """The command, or the two, that repeat this run."""
        config, epochs = self.read_config(), self.read_meta().epochs
        command = config.format_command()
        if epochs in (0, config.epochs):
            return command
        resume = f"python -m digitlab resume {self.id} --epochs {epochs - config.epochs}"
        return f"{command} --name {self.id}\n{resume}" if epochs > config.epochs else command


def create_run(
    config: TrainConfig,
    *,
    name: str | None = None,
    label: str = "",
    digits: np.ndarray | None = None,
    digit_labels: Sequence[int] | None = None,
    taught: TaughtDigits | None = None,
    owner: str = LOCAL_OWNER,
    study: str = "",
) -> Run:
    """Create a run directory with its settings. `control.start_run` starts it.

    Args:
        name: the directory's name; by default the time and the network.
        label: the name that users see.
        digits: up to ten digits of the user, `(n, 28, 28)` uint8, ink 255, paper 0; the network
            classifies them after each epoch.
        digit_labels: what they are meant to be, -1 where unknown.
        taught: digits to learn besides the data set's.
        owner: who may act on it.
        study: id of the study whose trial it is; it is not tested until the user asks for it.
    Raises:
        RunError: a run of this name exists, the name is not a valid folder name, the digits have
            another shape, or the directory cannot be created.
        DatasetUnavailableError: the data set was deleted.
    """
    check_is_not_deleted(get_dataset_spec(config.dataset))
    if name is not None and not _NAME_PATTERN.fullmatch(name):
        raise RunError(f"{name!r} is not a valid run name: use letters, digits, dots, _ and -.")
    label = check_label(label)
    run_id = name or add_secret(f"{time.strftime('%Y%m%d-%H%M%S')}-{config.net}", owner)
    run = Run(_make_directory(run_id, name))
    try:
        if digits is not None and len(digits):
            save_digits(run.directory, digits, digit_labels)
        if taught is not None:
            save_taught_digits(run.directory, taught)
        run.write_meta(
            RunMeta(
                label=label, created_s=time.time(), owner=owner, study=study, is_tested=not study
            )
        )
        # Last: a folder without settings is not a run.
        write_json(run.directory / "config.json", config.to_json())
    except OSError as error:
        raise RunError(f"The run cannot be created: {describe_error(error)}.") from error
    return run


def check_label(label: str) -> str:
    """A label with single spaces.

    Raises:
        RunError: it is longer than 80 characters.
    """
    label = " ".join(label.split())
    if len(label) > MAX_LABEL_CHARACTERS:
        raise RunError(f"A run's name has at most {MAX_LABEL_CHARACTERS} characters. Shorten it.")
    return label


def get_run(run_id: str) -> Run:
    """An existing run by its id.

    Raises:
        RunError: there is none.
    """
    run = Run(get_runs_dir() / run_id)
    if not _NAME_PATTERN.fullmatch(run_id) or not (run.directory / "config.json").is_file():
        raise RunError(f"There is no run {run_id}.")
    return run


def list_runs(*, owner: str = LOCAL_OWNER) -> list[Run]:
    """The runs of an owner, the newest first; those of all users for the server's operator."""
    paths = get_runs_dir().glob("*/config.json")
    runs = [Run(path.parent) for path in paths if _NAME_PATTERN.fullmatch(path.parent.name)]
    created_s = {run: _find_creation_s(run) for run in runs if owner in (LOCAL_OWNER, run.owner)}
    # A run that was deleted meanwhile has no date.
    found = [run for run, date_s in created_s.items() if date_s]
    return sorted(found, key=lambda run: (created_s[run], run.id), reverse=True)


def _make_directory(run_id: str, name: str | None) -> Path:
    attempt = 1
    while True:
        suffix = f"-{attempt}" if attempt > 1 else ""
        directory = get_runs_dir() / f"{run_id}{suffix}"
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            if name:
                raise RunError(f"A run named {name} exists. Choose another name.") from None
            attempt += 1
        except OSError as error:
            raise RunError(f"The run cannot be created: {describe_error(error)}.") from error
        else:
            return directory


def _find_creation_s(run: Run) -> float:
    try:
        created_s = run.read_meta().created_s
    except RunError:
        # Damaged: it stays in the list, where its error is shown.
        created_s = 0.0
    try:
        return created_s or (run.directory / "config.json").stat().st_mtime
    except FileNotFoundError:
        return 0.0
