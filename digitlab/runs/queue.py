"""One training at a time on a computer, first come first served. No Keras here.

The line is one file for all who start runs here: pages in several sessions, several app
processes, the command line. Each worker process stands in it itself, so the line moves on
whoever has gone meanwhile. A lock that the operating system takes from a dying process makes
sure of it once more: only its holder trains.
"""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from filelock import FileLock, Timeout

from digitlab.errors import RunError
from digitlab.files import write_json
from digitlab.paths import get_queue_dir
from digitlab.processes import ProcessIdentity
from digitlab.runs.run import Run

_POLL_S = 0.2
_LOCK_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Place:
    """One run's place in the line.

    Attributes:
        run_directory: of the run, as text.
        pid, started_s: mark its worker.
    """

    run_directory: str
    pid: int
    started_s: float

    @property
    def process(self) -> ProcessIdentity:
        """The worker."""
        return ProcessIdentity(self.pid, self.started_s)


@contextlib.contextmanager
def change_line() -> Iterator[list[Place]]:
    """Hold the line still; what is changed in the list is kept, the dead are gone from it.

    Raises:
        RunError: the folder of the line cannot be written.
    """
    folder = get_queue_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "line.lock", timeout=_LOCK_TIMEOUT_S):
            places = read_line()
            yield places
            write_json(folder / "line.json", [asdict(place) for place in places])
    except (OSError, Timeout) as error:
        raise RunError(f"The queue of trainings in {folder} cannot be used: {error}.") from error


def read_line() -> list[Place]:
    """Who stands in line, the one who trains first."""
    try:
        values = json.loads((get_queue_dir() / "line.json").read_text("utf-8"))
        places = [Place(**value) for value in values]
    except (FileNotFoundError, ValueError, TypeError):
        # A damaged line is as good as none: the lock still lets only one train.
        return []
    return [place for place in places if place.process.is_alive()]


def find_position(run: Run) -> int | None:
    """How many stand before a run, 0 for the one whose turn it is; None if it is not in line."""
    directories = [place.run_directory for place in read_line()]
    directory = str(run.directory.resolve())
    return directories.index(directory) if directory in directories else None


def build_place(run: Run, process: ProcessIdentity) -> Place:
    """The place that a run's worker takes."""
    return Place(str(run.directory.resolve()), process.pid, process.started_s)


@contextlib.contextmanager
def take_turn(
    run: Run, process: ProcessIdentity, *, on_wait: Callable[[int], None]
) -> Iterator[bool]:
    """Stand in line until it is this process's turn to train, then hold it.

    Args:
        on_wait: called a few times a second with the number of runs before this one.
    Yields:
        Whether it is its turn; false if a stop was asked for while it waited.
    """
    place = build_place(run, process)
    with change_line() as places:
        if place not in places:
            places.append(place)
    lock = FileLock(get_queue_dir() / "training.lock")
    try:
        yield _wait(run, place, lock, on_wait)
    finally:
        with change_line() as places:
            places[:] = [other for other in places if other != place]
        lock.release()


def _wait(run: Run, place: Place, lock: FileLock, on_wait: Callable[[int], None]) -> bool:
    while not run.is_stop_requested():
        places = read_line()
        position = places.index(place) if place in places else 0
        if position == 0:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                # Somebody trains who is not in line, or has only just left it.
                position = 1
            else:
                return True
        on_wait(position)
        time.sleep(_POLL_S)
    return False
