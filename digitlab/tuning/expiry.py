"""The searches that visitors of a hosted app have left."""

import contextlib

from digitlab.errors import DigitlabError
from digitlab.hosting_limits import HostingLimits
from digitlab.tuning.study import delete_study, list_studies


def remove_expired_studies(limits: HostingLimits) -> int:
    """Delete the studies of visitors that ended long ago, with their runs; returns how many."""
    n_removed = 0
    for study in list_studies():
        with contextlib.suppress(DigitlabError):
            if limits.is_expired(study.owner, study.read_status().updated_s):
                delete_study(study)
                n_removed += 1
    return n_removed
