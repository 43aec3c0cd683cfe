"""Caches for all sessions that hold at most so many bytes."""

import contextlib
import threading
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from typing import Generic, TypeVar

import numpy as np
import streamlit as st
from cachetools import LRUCache

V = TypeVar("V")


class ByteCache(Generic[V]):
    """Keeps values by key; those that were not used for the longest time make room.

    A value that is larger than the cache is kept until the next one is loaded. Streamlit's caches
    are bounded by number only.
    """

    def __init__(self, max_mb: float, load_message: str = "") -> None:
        """Make an empty cache.

        Args:
            max_mb: of all values together.
            load_message: what the page shows while a value is loaded; nothing if empty.
        """
        self._max_bytes = 1e6 * max_mb
        # Each value with its size.
        self._entries: LRUCache[Hashable, tuple[V, float]] = LRUCache(
            self._max_bytes, getsizeof=lambda entry: entry[1]
        )
        self._load_message = load_message
        # While a value is loaded, the others wait: two in memory at once would be too many.
        self._lock = threading.Lock()

    def get(self, key: Hashable, load: Callable[[], V], *, n_bytes: int | None = None) -> V:
        """The value of a key, which is loaded if it is not here.

        Args:
            n_bytes: of the value; by default those of its arrays.
        """
        with self._lock:
            if key not in self._entries:
                is_shown = bool(self._load_message)
                with st.spinner(self._load_message) if is_shown else contextlib.nullcontext():
                    value = load()
                size = _measure_arrays(value) if n_bytes is None else n_bytes
                self._entries[key] = (value, min(size, self._max_bytes))
            return self._entries[key][0]


def _measure_arrays(value: object) -> int:
    """The bytes of the arrays in a value, also within its fields."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if is_dataclass(value):
        return sum(_measure_arrays(getattr(value, field.name)) for field in fields(value))
    return 0
