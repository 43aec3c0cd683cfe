"""The searches that visitors of a hosted app have left."""

import contextlib
import time

from digitlab.errors import DigitlabError
from digitlab.hosting_limits import HostingLimits
from digitlab.owners import LOCAL_OWNER
from digitlab.tuning.study import delete_study, list_studies


def remove_expired_studies(limits: HostingLimits) -> int:
    """Delete the studies of visitors that ended long ago, with their runs; returns how many."""
    n_removed = 0
    for study in list_studies():
        with contextlib.suppress(DigitlabError):
            age_s = time.time() - study.read_status().updated_s
            if study.owner != LOCAL_OWNER and age_s > limits.keep_days * 24 * 3600:
                delete_study(study)
                n_removed += 1
    return n_removed
