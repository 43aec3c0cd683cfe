"""Numbers of several digits, drawn with the strokes of the sample digits."""

from digitlab.ink.samples import SAMPLE_POINTS, Points


def write(digits, *, step_px=190.0, scale=1.0, top_px=0.0) -> list[Points]:
    """Draw digits side by side.

    Args:
        digits: an integer, or a string of digits.
        step_px: distance from one digit to the next.
    Returns:
        The strokes of all digits.
    """
    return [
        [(x * scale + index * step_px, y * scale + top_px) for x, y in stroke]
        for index, digit in enumerate(map(int, str(digits)))
        for stroke in SAMPLE_POINTS[digit]
    ]
