"""Whole numbers, written with the sample digits."""

from digitlab.ink.samples import SAMPLE_POINTS, Points


def write(digits, *, step_px=190.0, scale=1.0, top_px=0.0) -> list[Points]:
    """The strokes of some digits side by side: `2026` or another sequence of digits.

    Args:
        step_px: from one digit's place to the next.
    """
    return [
        [(x * scale + place * step_px, y * scale + top_px) for x, y in stroke]
        for place, digit in enumerate(map(int, str(digits)))
        for stroke in SAMPLE_POINTS[digit]
    ]
