"""Quantities as text: durations, counts and sizes."""

from collections.abc import Mapping, Sequence


def format_duration(seconds: float) -> str:
    """A duration in one or two units: 8 s, 3 min 20 s, 25 min, 2 h 5 min."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def format_rough_duration(seconds: float) -> str:
    """An estimated duration: < 1 min, 3 min, 2 h."""
    if seconds < 60:
        return "< 1 min"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.0f} h"


def format_count(n: int, noun: str) -> str:
    """A number with its noun: 1 epoch, 2 epochs, 1,000 images."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def format_shape(shape: Sequence[int]) -> str:
    """A shape such as 28×28×1."""
    return "×".join(map(str, shape))


def describe_left_out_files(reasons: Mapping[str, int], verb: str) -> list[str]:
    """One sentence for each reason, the most frequent first: "3 files skipped: not an image."."""
    return [
        f"{format_count(count, 'file')} {verb}: {reason}."
        for reason, count in sorted(reasons.items(), key=lambda item: -item[1])
    ]
