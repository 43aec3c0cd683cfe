"""The run directory: all that the app and the worker tell each other. No Keras here.

```
runs/20261121-101500-simple_cnn/
├── config.json         TrainConfig, written by who starts the run
├── stop                its presence asks the worker to stop after the batch
├── status.json         where the run stands, replaced atomically
├── history.csv         one line an epoch, by Keras's CSVLogger
├── best.weights.h5     the best epoch's weights
├── model.keras  model.tflite  report.npz  card.json
└── worker.log          what the worker printed
```
"""

import csv
import json
import os
import re
import threading
import time
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from digitlab.errors import RunError
from digitlab.paths import get_runs_dir
from digitlab.training.config import TrainConfig

_NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
FINAL_STATES = ("done", "stopped", "failed")


@dataclass(frozen=True)
class RunStatus:
    """Where a run stands.

    Attributes:
        state: "waiting", "starting", "downloading: …", "training", "evaluating", "done", "stopped"
            or "failed".
        epoch, batch: how many are complete; `batch` counts within the epoch.
        metrics: the last values Keras reported.
        updated_s: seconds since 1970 when this was written.
    """

    state: str = "waiting"
    epoch: int = 0
    epochs: int = 0
    batch: int = 0
    batches: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    message: str = ""
    pid: int = 0
    updated_s: float = 0.0


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
        """Keras's CSV log, one line an epoch."""
        return self.directory / "history.csv"

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

    def read_status(self) -> RunStatus:
        """Where the run stands; "waiting" as long as the worker has written nothing.

        Raises:
            RunError: the status file is damaged.
        """
        try:
            values = json.loads((self.directory / "status.json").read_text("utf-8"))
        except FileNotFoundError:
            return RunStatus()
        except ValueError as error:
            raise RunError(f"The status of the run {self.id} is damaged ({error}).") from error
        known = {spec.name for spec in fields(RunStatus)}
        return RunStatus(**{key: value for key, value in values.items() if key in known})

    def write_status(self, status: RunStatus) -> None:
        """Replace the status; a reader sees the old one or the new one, never half of one."""
        values = asdict(status) | {"updated_s": time.time()}
        write_json(self.directory / "status.json", values)

    def read_history(self) -> list[dict[str, float]]:
        """One dictionary an epoch, as Keras named the values; empty before the first."""
        if not self.history_path.exists():
            return []
        with self.history_path.open(newline="", encoding="utf-8") as file:
            # Keras writes "NA" where it has no value, as without validation data.
            return [
                {key: float(value) for key, value in row.items() if value not in ("NA", "")}
                for row in csv.DictReader(file)
            ]

    def request_stop(self) -> None:
        """Ask the worker to stop after the batch and to keep the best weights."""
        (self.directory / "stop").touch()

    def is_stop_requested(self) -> bool:
        """Whether somebody asked the worker to stop."""
        return (self.directory / "stop").exists()


def create_run(config: TrainConfig, *, name: str | None = None) -> Run:
    """Make a new run directory with its settings.

    Args:
        name: the directory's name; by default the time and the network.
    Raises:
        RunError: a run of this name exists, the name cannot be a folder's, or the directory
            cannot be made.
    """
    if name is not None and not _NAME_PATTERN.fullmatch(name):
        raise RunError(f"{name!r} cannot be a run's name: use letters, digits, dots, _ and -.")
    run_id = name or f"{time.strftime('%Y%m%d-%H%M%S')}-{config.net}"
    for attempt in range(100):
        suffix = f"-{attempt + 1}" if attempt and not name else ""
        directory = get_runs_dir() / f"{run_id}{suffix}"
        try:
            directory.mkdir(parents=True)
        except FileExistsError:
            if name:
                raise RunError(f"A run called {name} exists. Choose another name.") from None
            continue
        except OSError as error:
            raise RunError(f"The run's folder {directory} cannot be made: {error}.") from error
        write_json(directory / "config.json", config.to_json())
        return Run(directory)
    raise RunError(f"Too many runs called {run_id}. Choose a name with --name.")


def get_run(run_id: str) -> Run:
    """An existing run by its id.

    Raises:
        RunError: there is none.
    """
    run = Run(get_runs_dir() / run_id)
    if not (run.directory / "config.json").is_file():
        raise RunError(f"There is no run {run_id} in {get_runs_dir()}.")
    return run


def write_json(path: Path, values: Any) -> None:
    """Write JSON so that a reader sees the old file or the new one, never half of one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    draft.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(path)
