"""The run directory: all that the app and the worker tell each other. No Keras here.

```
runs/20261121-101500-simple_cnn/
├── config.json         TrainConfig, written by who starts the run
├── meta.json           its name for people, and how many epochs it is to have if not config's
├── digits.npz          a person's digits, read by the network after each epoch
├── stop                its presence asks the worker to stop after the batch
├── status.json         where the run stands, replaced atomically
├── heartbeat.json      rewritten each second while the worker lives
├── batches.csv         a few lines a second: loss, accuracy, learning rate, images a second
├── history.csv         one line an epoch, by Keras's CSVLogger
├── digits.csv          how the network reads the person's digits, one line a digit and epoch
├── checkpoint*.h5      all that training needs to go on, of the last two epochs
├── best.weights.h5     the best epoch's weights
├── tensorboard/        for `tensorboard --logdir runs`
├── model.keras  model.tflite  report.npz  card.json
└── worker.log          what the worker printed
```
"""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from digitlab.errors import RunError
from digitlab.files import write_json
from digitlab.paths import get_runs_dir
from digitlab.runs.status import RunMeta, RunStatus, keep_known
from digitlab.runs.tables import DigitReadings, Row, read_readings, read_rows, save_digits
from digitlab.training.config import TrainConfig

_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MAX_LABEL = 80


@dataclass(frozen=True)
class Run:
    """One run, by its directory."""

    directory: Path

    @property
    def id(self) -> str:
        """The directory's name."""
        return self.directory.name

    @property
    def history_path(self) -> Path:
        """Keras's CSV log, one line an epoch; also what a person is handed as a download."""
        return self.directory / "history.csv"

    @property
    def batches_path(self) -> Path:
        """The batches' table."""
        return self.directory / "batches.csv"

    @property
    def has_model(self) -> bool:
        """Whether it can be put on the shelf: a model was trained, tested and exported."""
        return (self.directory / "card.json").is_file()

    def read_config(self) -> TrainConfig:
        """The run's settings.

        Raises:
            RunError: there is no such run, or its settings cannot be read.
            ConfigError: a setting is out of its range.
        """
        try:
            values = json.loads((self.directory / "config.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(f"The run {self.id} has no readable config.json ({error}).") from error
        return TrainConfig.from_json(values)

    def read_meta(self) -> RunMeta:
        """Its name for people, and the number of epochs after resumptions."""
        try:
            values = json.loads((self.directory / "meta.json").read_text("utf-8"))
        except (OSError, ValueError):
            # Runs of older versions have none; nothing in it is needed to go on.
            return RunMeta()
        return RunMeta(**keep_known(values, RunMeta))

    def write_meta(self, meta: RunMeta) -> None:
        """Replace what `read_meta` tells."""
        write_json(self.directory / "meta.json", asdict(meta))

    def rename(self, label: str) -> None:
        """Give the run another name for people; its folder and address stay.

        Raises:
            RunError: the name is longer than 80 characters.
        """
        label = " ".join(label.split())
        if len(label) > _MAX_LABEL:
            raise RunError(f"A run's name has at most {_MAX_LABEL} characters. Choose a shorter.")
        self.write_meta(replace(self.read_meta(), label=label))

    def read_status(self) -> RunStatus:
        """Where the run stands, as written last; `inspect_run` also looks after the worker.

        Raises:
            RunError: the status file is damaged.
        """
        try:
            values = json.loads((self.directory / "status.json").read_text("utf-8"))
        except FileNotFoundError:
            return RunStatus()
        except ValueError as error:
            raise RunError(f"The status of the run {self.id} is damaged ({error}).") from error
        values["notes"] = tuple(values.get("notes", ()))
        return RunStatus(**keep_known(values, RunStatus))

    def write_status(self, status: RunStatus) -> None:
        """Replace the status; a reader sees the old one or the new one, never half of one."""
        values = asdict(status) | {"updated_s": time.time()}
        write_json(self.directory / "status.json", values)

    def read_history(self) -> list[Row]:
        """One dictionary an epoch, as Keras named the values; empty before the first.

        Always `epoch` (from 0) and `loss`; usually `accuracy`, `val_loss`, `val_accuracy`,
        `learning_rate` (at the epoch's end) and `seconds` (the epoch took, validation included).
        """
        return read_rows(self.history_path)[0]

    def read_batches(self, since: int = 0) -> tuple[list[Row], int]:
        """What happened within the epochs, a few rows a second.

        Args:
            since: the place returned by the call before, to read only what is new; 0 for all.
        Returns:
            Rows with `epoch` (from 0), `batch` (complete ones), `loss` and `accuracy` (of the
            batches since the row before, not of the whole epoch), `learning_rate`,
            `images_per_s` and `seconds` (of training since the run's, or its resumption's,
            first batch); and the place for the next call. It falls back to
            0 and reads all when a resumption has shortened the table.
        """
        return read_rows(self.batches_path, since)

    def read_digits(self) -> DigitReadings | None:
        """A person's digits and how the network read them after each epoch; None without any."""
        return read_readings(self.directory)

    def format_command(self) -> str:
        """The command, or the two, by which somebody else gets such a run."""
        config, epochs = self.read_config(), self.read_meta().epochs
        command = config.format_command()
        if epochs in (0, config.epochs):
            return command
        resume = f"python -m digitlab resume {self.id} --epochs {epochs - config.epochs}"
        return f"{command} --name {self.id}\n{resume}" if epochs > config.epochs else command

    def request_stop(self) -> None:
        """Ask the worker to stop after the batch and to keep the best weights."""
        (self.directory / "stop").touch()

    def clear_stop_request(self) -> None:
        """Take the request back, before the run is resumed."""
        (self.directory / "stop").unlink(missing_ok=True)

    def is_stop_requested(self) -> bool:
        """Whether somebody asked the worker to stop."""
        return (self.directory / "stop").exists()


def create_run(
    config: TrainConfig,
    *,
    name: str | None = None,
    label: str = "",
    digits: np.ndarray | None = None,
    digit_labels: Sequence[int] | None = None,
) -> Run:
    """Make a new run directory with its settings. `jobs.start_run` starts it.

    Args:
        name: the directory's name; by default the time and the network.
        label: the run's name for people.
        digits: up to ten of a person's digits, `(n, 28, 28)` uint8, ink 255, paper 0; the
            network reads them after each epoch.
        digit_labels: what they are meant to be, -1 where unknown.
    Raises:
        RunError: a run of this name exists, the name cannot be a folder's, the digits are not
            of this shape, or the directory cannot be made.
    """
    if name is not None and not _NAME_PATTERN.fullmatch(name):
        raise RunError(f"{name!r} cannot be a run's name: use letters, digits, dots, _ and -.")
    run = Run(_make_directory(name or f"{time.strftime('%Y%m%d-%H%M%S')}-{config.net}", name))
    try:
        if digits is not None and len(digits):
            save_digits(run.directory, digits, digit_labels)
        run.write_meta(RunMeta(label=label, created_s=time.time()))
        # Last: a folder without settings is no run.
        write_json(run.directory / "config.json", config.to_json())
    except OSError as error:
        raise RunError(f"The run's folder {run.directory} cannot be written: {error}.") from error
    return run


def _make_directory(run_id: str, name: str | None) -> Path:
    for attempt in range(100):
        suffix = f"-{attempt + 1}" if attempt else ""
        directory = get_runs_dir() / f"{run_id}{suffix}"
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            if name:
                raise RunError(f"A run called {name} exists. Choose another name.") from None
            continue
        except OSError as error:
            raise RunError(f"The run's folder {directory} cannot be made: {error}.") from error
        return directory
    raise RunError(f"Too many runs called {run_id}. Choose a name with --name.")


def get_run(run_id: str) -> Run:
    """An existing run by its id.

    Raises:
        RunError: there is none.
    """
    run = Run(get_runs_dir() / run_id)
    if not _NAME_PATTERN.fullmatch(run_id) or not (run.directory / "config.json").is_file():
        raise RunError(f"There is no run {run_id} in {get_runs_dir()}.")
    return run


def list_runs() -> list[Run]:
    """All runs, the newest first."""
    found = [Run(path.parent) for path in get_runs_dir().glob("*/config.json")]
    found = [run for run in found if _NAME_PATTERN.fullmatch(run.id)]
    return sorted(found, key=lambda run: (_find_age(run), run.id), reverse=True)


def _find_age(run: Run) -> float:
    return run.read_meta().created_s or (run.directory / "config.json").stat().st_mtime
