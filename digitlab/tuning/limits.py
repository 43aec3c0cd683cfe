"""What visitors of a hosted app may search."""

from digitlab.hosting_limits import check_disk, check_limit, get_limits
from digitlab.paths import get_studies_dir
from digitlab.runs.limits import check_config
from digitlab.tuning.study_config import StudyConfig


def check_study(config: StudyConfig, *, is_busy: bool) -> None:
    """Check that a visitor may start a study.

    Args:
        is_busy: whether a study of the same owner is running.
    Raises:
        LimitError: it is larger than a visitor's may be, or one is running.
    """
    limits = get_limits(config.owner)
    if limits is None:
        return
    check_limit(
        0 < config.minutes <= limits.search_minutes,
        f"On this server a search takes at most {limits.search_minutes:g} minutes. Enter its "
        "minutes.",
    )
    for corner in config.list_corners():
        check_config(config.build_trial_config(corner), limits)
    check_disk(limits, get_studies_dir())
    check_limit(not is_busy, "A search of yours is running. Wait for its end, or stop it.")
