"""Ids of what the user names: lower_snake_case, made from a label."""

import hashlib
import re
import unicodedata
from collections.abc import Callable

# Ids have at most 64 characters; this leaves room for a number behind it.
_MAX_SLUG_LENGTH = 56


def generate_id(label: str, noun: str, is_taken: Callable[[str], bool]) -> str:
    """An unused id made from a label in any script: its ASCII letters, or else a hash.

    Args:
        noun: what is named, in lower_snake_case; it precedes a hash.
        is_taken: whether an id is in use or reserved.
    """
    ascii_label = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "_", ascii_label.lower()).strip("_")[:_MAX_SLUG_LENGTH]
    if not slug:
        slug = f"{noun}_{hashlib.sha256(label.encode()).hexdigest()[:8]}"
    found, number = slug, 2
    while is_taken(found):
        found, number = f"{slug}_{number}", number + 1
    return found
