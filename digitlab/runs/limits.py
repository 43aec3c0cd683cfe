"""What visitors of a hosted app may train. The operator, and everybody at home, has no limits."""

import contextlib
import time
from collections.abc import Iterable

from digitlab.datasets.registry import get_dataset_spec
from digitlab.errors import RunError
from digitlab.files import remove_directory
from digitlab.hosting_limits import HostingLimits, check_disk, check_limit
from digitlab.paths import get_runs_dir
from digitlab.quantities import format_count
from digitlab.runs import launcher
from digitlab.runs.health import inspect_run
from digitlab.runs.queue import count_entries, get_current_run, has_worker, list_queued_runs
from digitlab.runs.run import Run, list_runs
from digitlab.training.config import TrainConfig

_HOUR_S = 3600.0


def check_config(config: TrainConfig, limits: HostingLimits, *, epochs: int = 0) -> None:
    """Check the size of a training.

    Args:
        epochs: in all, after a resume; by default those of the settings.
    Raises:
        LimitError: it is larger than a visitor's may be; the message names the setting.
    """
    epochs = epochs or config.epochs
    check_limit(
        epochs <= limits.epochs,
        f"On this server a training has at most {format_count(limits.epochs, 'epoch')}; this one "
        f"would have {epochs}.",
    )
    spec = get_dataset_spec(config.dataset)
    n_train = spec.n_train or spec.base_spec.n_train
    n_images = round(n_train * (1 - config.validation_split) * config.training_fraction)
    check_limit(
        n_images <= limits.training_images,
        f"On this server a training has at most {limits.training_images:,} images; this one would "
        f"have {n_images:,}. Choose a smaller training fraction.",
    )


def check_start(run: Run, limits: HostingLimits) -> None:
    """Check that a visitor may start or resume a training now. Hold `lock_queue`.

    Raises:
        LimitError: the visitor, or all visitors together, have too many; or the disk is full.
    """
    meta = run.read_meta()
    check_config(run.read_config(), limits, epochs=meta.epochs)
    check_disk(limits, get_runs_dir())
    if not has_worker():
        # An idle worker has its memory already, and a busy one trains the queue afterwards.
        free_mb = launcher.measure_free_memory_bytes() / 1e6
        check_limit(
            free_mb >= limits.training_mb,
            f"This server has {max(free_mb, 0):.0f} MB of memory left; a training needs "
            f"{limits.training_mb:g} MB. Try again later.",
        )
    if meta.study:
        # A search is limited as a whole.
        return
    n_waiting = count_entries()
    check_limit(
        n_waiting < limits.queue_length,
        f"{format_count(n_waiting, 'training')} {'waits' if n_waiting == 1 else 'wait'} already. "
        "Try again later.",
    )
    n_active = _count_active(meta.owner)
    check_limit(
        n_active < limits.trainings_at_once,
        f"{format_count(n_active, 'training')} of yours {'is' if n_active == 1 else 'are'} queued "
        "or running, and more are not allowed on this server. Wait or stop one.",
    )
    n_recent = sum(_is_recent(other) for other in list_runs(owner=meta.owner) if other != run)
    check_limit(
        n_recent < limits.trainings_per_hour,
        f"You have started {format_count(n_recent, 'training')} within an hour, and more are not "
        "allowed on this server. Try again later.",
    )


def remove_expired_runs(limits: HostingLimits) -> int:
    """Delete the runs of visitors that ended long ago; returns how many."""
    n_removed = 0
    for run in list_runs():
        with contextlib.suppress(RunError, OSError):
            meta, status = run.read_meta(), inspect_run(run)
            last_s = max(meta.created_s, status.updated_s)
            is_over = status.is_final or status.state == "waiting"
            if is_over and limits.is_expired(meta.owner, last_s):
                remove_directory(run.directory)
                n_removed += 1
    return n_removed


def _count_active(owner: str) -> int:
    current = get_current_run()
    active: Iterable[Run] = list_queued_runs()
    if current is not None:
        with contextlib.suppress(RunError):
            if not inspect_run(current).is_final:
                active = [current, *active]
    n_active = 0
    for run in set(active):
        with contextlib.suppress(RunError):
            meta = run.read_meta()
            n_active += meta.owner == owner and not meta.study
    return n_active


def _is_recent(run: Run) -> bool:
    with contextlib.suppress(RunError):
        meta = run.read_meta()
        return not meta.study and time.time() - meta.created_s < _HOUR_S
    return False
