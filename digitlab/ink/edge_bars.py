"""Find bars along the sides of a picture: a window's border, the lines of a neighbouring cell."""

import numpy as np

# A bar along a side has this fraction of ink, its corners aside, up to this fraction of the
# picture's height; then there is a row with almost none.
_MIN_INK, _CORNER, _MAX_WIDTH, _MAX_GAP_INK = 0.95, 0.15, 0.15, 0.02


def measure_edge_bar(mask: np.ndarray) -> tuple[int, bool]:
    """The width of a bar along the upper side, with its soft edge; and if paper follows it.

    Args:
        mask: `(h, w)`, true or 1 where there is ink.
    """
    height, width = mask.shape
    corner = round(_CORNER * width)
    # A second bar may cross this one in a corner.
    ink = mask[:, corner : width - corner].mean(axis=1)
    bar_px = int(np.argmin(ink > _MIN_INK))
    if not 0 < bar_px <= max(1, _MAX_WIDTH * height):
        return 0, False
    next_rows = mask[bar_px : bar_px + 3].mean(axis=1)
    return bar_px + 1, bool((next_rows <= _MAX_GAP_INK).any())


def crop_frame(is_bright: np.ndarray) -> np.ndarray:
    """The part of a picture inside a frame of either brightness; all of it if there is no frame.

    Args:
        is_bright: `(h, w)` uint8, 0 or 1.
    """
    height, width = is_bright.shape
    for mask in (is_bright == 0, is_bright == 1):
        sides = [measure_edge_bar(np.rot90(mask, turn))[0] for turn in range(4)]
        top, right, bottom, left = sides
        rows, columns = slice(top, height - bottom), slice(left, width - right)
        inside = mask[rows, columns]
        if not all(sides) or not inside.size:
            continue
        border = (inside[0], inside[-1], inside[:, 0], inside[:, -1])
        if max(float(side.mean()) for side in border) <= _MAX_GAP_INK:
            return is_bright[rows, columns]
    return is_bright
