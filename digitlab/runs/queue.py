"""The queue of training runs on this computer: files, first come first served, fair by owner.

```
<cache>/queue-<computer>/
├── entries/<round>.<time>.<owner>.<run>    a file per queued run; its content is the run directory
├── current                 the entry of the run that is being trained
├── queue.lock              held while the queue changes
├── worker.json             the identity of the worker process
├── worker.lock             held by the worker process as long as it runs
└── worker.log              what the worker printed between runs
```

One worker process at a time takes entries in order and trains them. In each round, every owner has
one run, so that a user who queues many runs does not keep others waiting. Both locks belong to the
operating system, which releases them when a process dies.
"""

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from digitlab.errors import RunError, describe_error
from digitlab.files import load_json, replace_file, write_json
from digitlab.paths import get_queue_dir
from digitlab.processes import ProcessIdentity
from digitlab.runs.run import Run

_LOCK_TIMEOUT_S = 20.0


@contextlib.contextmanager
def lock_queue() -> Iterator[None]:
    """Lock the queue: no other process adds, takes or removes an entry meanwhile.

    Raises:
        RunError: the folder of the queue cannot be written.
    """
    # A singleton is reentrant: the functions called in the block may lock the queue themselves.
    lock = FileLock(get_queue_dir() / "queue.lock", timeout=_LOCK_TIMEOUT_S, is_singleton=True)
    try:
        _get_entries_dir().mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise RunError("The training queue is busy. Try again in a moment.") from error
    except OSError as error:
        raise RunError(f"The training queue is unavailable: {describe_error(error)}.") from error
    try:
        yield
    finally:
        lock.release()


def add_entry(run: Run) -> None:
    """Add a run to the first round in which its owner has none. Hold `lock_queue`.

    Raises:
        OSError: the disk is full, for example.
    """
    owner = hashlib.sha256(run.owner.encode()).hexdigest()[:16]
    names = [path.name.split(".") for path in _list_entries()]
    current = get_current_run()
    first = min((int(name[0]) for name in names), default=0)
    first += current is not None and current.owner == run.owner
    turn = max([first, *(int(name[0]) + 1 for name in names if name[2] == owner)])
    path = _get_entries_dir() / f"{turn:08d}.{time.time_ns():020d}.{owner}.{_compute_key(run)}"
    replace_file(path, os.fsencode(run.directory.resolve()))


def remove_entry(run: Run) -> bool:
    """Remove a run; whether it was queued. Hold `lock_queue`."""
    found = [path for path in _list_entries() if path.suffix == f".{_compute_key(run)}"]
    for path in found:
        path.unlink(missing_ok=True)
    return bool(found)


def take_first_entry() -> Run | None:
    """Make the first run the current one; None if the queue is empty. Hold `lock_queue`."""
    for path in _list_entries():
        run = _load_entry(path)
        path.replace(_get_current_path())
        if run.directory.is_dir():
            return run
        # The run directory was removed by hand.
    return None


def get_current_run() -> Run | None:
    """The run that was taken last; it may have ended."""
    try:
        return _load_entry(_get_current_path())
    except FileNotFoundError:
        return None


def list_queued_runs() -> list[Run]:
    """The queued runs, the next one first."""
    runs = []
    for path in _list_entries():
        # A worker may take it at this moment.
        with contextlib.suppress(FileNotFoundError):
            runs.append(_load_entry(path))
    return runs


def find_position(run: Run) -> int:
    """A run's position in the queue, 1 for the next one; 0 if it is not queued."""
    suffix = f".{_compute_key(run)}"
    for position, path in enumerate(_list_entries(), start=1):
        if path.suffix == suffix:
            return position
    return 0


def count_entries() -> int:
    """How many runs are queued."""
    return len(_list_entries())


@contextlib.contextmanager
def hold_worker_lock() -> Iterator[BaseFileLock | None]:
    """Be the worker of this computer until the block ends; None if there is one already."""
    lock = FileLock(get_queue_dir() / "worker.lock", timeout=0)
    with lock_queue():
        is_taken = False
        try:
            lock.acquire()
        except Timeout:
            is_taken = True
    try:
        yield None if is_taken else lock
    finally:
        lock.release()


def record_worker(worker: ProcessIdentity) -> None:
    """Remember a worker process that was started and does not hold its lock yet."""
    write_json(_get_worker_path(), asdict(worker))


def has_worker() -> bool:
    """Whether a worker process is running or starting on this computer. Hold `lock_queue`.

    Without that lock, a worker that starts at this moment would find its lock taken.
    """
    try:
        if load_json(_get_worker_path(), ProcessIdentity).is_alive():
            return True
    except (OSError, ValueError):
        # None was started yet; the lock decides.
        pass
    try:
        with FileLock(get_queue_dir() / "worker.lock", timeout=0):
            return False
    except Timeout:
        return True


def retire_worker(lock: BaseFileLock) -> bool:
    """Let the worker end if nothing is queued; whether it may.

    Whoever queues a run after this finds no worker and starts one.
    """
    with lock_queue():
        if _list_entries():
            return False
        _get_worker_path().unlink(missing_ok=True)
        lock.release()
        return True


def _get_worker_path() -> Path:
    return get_queue_dir() / "worker.json"


def _get_entries_dir() -> Path:
    return get_queue_dir() / "entries"


def _get_current_path() -> Path:
    return get_queue_dir() / "current"


def _load_entry(path: Path) -> Run:
    return Run(Path(os.fsdecode(path.read_bytes())))


def _list_entries() -> list[Path]:
    """The entries in the order in which they are taken."""
    try:
        return sorted(p for p in _get_entries_dir().iterdir() if not p.name.startswith("."))
    except FileNotFoundError:
        return []


def _compute_key(run: Run) -> str:
    directory = os.fsencode(run.directory.resolve())
    return hashlib.sha256(directory).hexdigest()[:16]
