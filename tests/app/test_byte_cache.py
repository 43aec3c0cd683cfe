"""A cache that holds at most so many bytes."""

from dataclasses import dataclass

import numpy as np

from digitlab.ui.byte_cache import ByteCache


@dataclass(frozen=True)
class Pair:
    label: str
    images: np.ndarray


def make(n_bytes):
    return Pair("a", np.zeros(n_bytes, np.uint8))


def test_what_was_not_used_for_the_longest_time_makes_room():
    cache, loaded = ByteCache(1), []

    def get(key, n_bytes):
        def load():
            loaded.append(key)
            return make(n_bytes)

        return cache.get(key, load)

    first = get("a", 400_000)
    get("b", 400_000)
    assert get("a", 400_000) is first
    get("c", 400_000)
    assert get("a", 400_000) is first and loaded == ["a", "b", "c"]
    get("b", 400_000)
    assert loaded == ["a", "b", "c", "b"]


def test_a_value_larger_than_the_cache_is_kept_alone():
    cache = ByteCache(1)
    small = cache.get("small", lambda: make(10))
    large = cache.get("large", lambda: make(3_000_000))
    assert cache.get("large", lambda: make(1)) is large
    assert cache.get("small", lambda: make(10)) is not small
    assert cache.get("large", lambda: make(1)) is not large


def test_nothing_and_values_of_a_given_size_are_kept():
    cache = ByteCache(1)
    assert cache.get("none", lambda: None) is None
    kept = cache.get("model", object, n_bytes=600_000)
    assert cache.get("model", object, n_bytes=600_000) is kept
    cache.get("other", object, n_bytes=600_000)
    assert cache.get("model", object, n_bytes=600_000) is not kept
