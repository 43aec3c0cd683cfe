"""The data sets that visitors of a hosted app have left."""

import contextlib
import time

from digitlab.datasets.user_datasets import delete_user_dataset, list_user_datasets
from digitlab.errors import DigitlabError
from digitlab.hosting_limits import HostingLimits
from digitlab.owners import LOCAL_OWNER


def remove_expired_datasets(limits: HostingLimits) -> int:
    """Delete the images of visitors' data sets that were made long ago; returns how many sets."""
    n_removed = 0
    for own in list_user_datasets():
        with contextlib.suppress(DigitlabError):
            age_s = time.time() - own.created_s
            if own.owner != LOCAL_OWNER and age_s > limits.keep_days * 24 * 3600:
                delete_user_dataset(own.id)
                n_removed += 1
    return n_removed
