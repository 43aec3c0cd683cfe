"""The data sets that visitors of a hosted app have left."""

import contextlib

from digitlab.datasets.user_datasets import delete_user_dataset, list_user_datasets
from digitlab.errors import DigitlabError
from digitlab.hosting_limits import HostingLimits


def remove_expired_datasets(limits: HostingLimits) -> int:
    """Delete the images of visitors' data sets that were made long ago; returns how many sets."""
    n_removed = 0
    for own in list_user_datasets():
        # The date of a card that was changed by hand may be none.
        with contextlib.suppress(DigitlabError, ValueError):
            if limits.is_expired(own.owner, own.created_s):
                delete_user_dataset(own.id)
                n_removed += 1
    return n_removed
