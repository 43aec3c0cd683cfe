"""The files of a checkpoint: where they are and whether they are whole. No Keras here."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from digitlab.files import write_json
from digitlab.runs.run import Run

_INDEX = "checkpoints.json"


@dataclass(frozen=True)
class Checkpoint:
    """One saved state of a training.

    Attributes:
        epochs: how many are complete in it.
        path: weights and optimizer, as Keras saves them.
        sha256: of the file.
    """

    epochs: int
    path: Path
    sha256: str

    def is_whole(self) -> bool:
        """Whether the file is there, to the last byte as it was written."""
        try:
            return _hash_file(self.path) == self.sha256
        except OSError:
            return False


def list_checkpoints(run: Run) -> list[Checkpoint]:
    """The checkpoints of a run, the latest first; whether they are whole is not looked at."""
    try:
        values = json.loads((run.directory / _INDEX).read_text("utf-8"))
        return [
            Checkpoint(int(value["epochs"]), run.directory / value["file"], str(value["sha256"]))
            for value in values
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def find_checkpoint(run: Run) -> int:
    """How many epochs a resumption would begin with; 0 if it starts over."""
    return next((one.epochs for one in list_checkpoints(run) if one.path.is_file()), 0)


def record_checkpoint(run: Run, path: Path, epochs: int) -> None:
    """Make a file that has just been written the latest checkpoint, and keep the one before."""
    kept = [one for one in list_checkpoints(run) if one.path != path and one.path.is_file()][:1]
    latest = Checkpoint(epochs, path, _hash_file(path))
    write_json(
        run.directory / _INDEX,
        [
            {"epochs": one.epochs, "file": one.path.name, "sha256": one.sha256}
            for one in (latest, *kept)
        ],
    )


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
