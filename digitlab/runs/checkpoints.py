"""The checkpoints of a run: which files, and whether they are intact. Must not import Keras."""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

from digitlab.files import load_json, write_json
from digitlab.runs.run import Run

_INDEX = "checkpoints.json"


@dataclass(frozen=True)
class _Entry:
    """One line of the index."""

    epochs: int
    file: str
    sha256: str


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

    def is_intact(self) -> bool:
        """Whether the file exists and is unchanged since it was written."""
        try:
            return _hash_file(self.path) == self.sha256
        except OSError:
            return False


def list_checkpoints(run: Run) -> list[Checkpoint]:
    """The checkpoints of a run, the latest first; the files are not verified."""
    try:
        entries = load_json(run.directory / _INDEX, list[_Entry])
    except (OSError, ValueError):
        return []
    return [Checkpoint(entry.epochs, run.directory / entry.file, entry.sha256) for entry in entries]


def find_checkpoint(run: Run) -> int:
    """The epoch from which a resume would continue; 0 if it starts over."""
    return next(
        (checkpoint.epochs for checkpoint in list_checkpoints(run) if checkpoint.path.is_file()), 0
    )


def record_checkpoint(run: Run, path: Path, epochs: int) -> None:
    """Make a file that was just written the latest checkpoint, and keep the previous one."""
    kept = [
        checkpoint
        for checkpoint in list_checkpoints(run)
        if checkpoint.path != path and checkpoint.path.is_file()
    ][:1]
    latest = Checkpoint(epochs, path, _hash_file(path))
    entries = [
        _Entry(checkpoint.epochs, checkpoint.path.name, checkpoint.sha256)
        for checkpoint in (latest, *kept)
    ]
    write_json(run.directory / _INDEX, [asdict(entry) for entry in entries])


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
