"""Ink apart from paper: whatever the light, the paper's colour and the pen's.

The paper is modelled as what a heavy blur makes of the pixels that are not ink; ink is what differs
from it, in the one direction of colour that differs most against the paper's own noise.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from digitlab.errors import EmptyInkError

# Below this difference between paper and ink (of 255) a picture counts as one colour.
MIN_CONTRAST = 20
# A picture of which so much is within this distance of one colour was made on a screen or scanned.
_FLAT_SHARE = 0.3
_FLAT_DISTANCE = 3
_SHADES = 40
_FLAT_PURITY = 0.9
# A smaller picture is a cut-out, not a photo of a page.
SMALL_PICTURE_PX = 48
# The paper is estimated on a small copy: light changes slowly.
_COARSE_PX = 128
_SEARCH_PX = 256
# Reach in pixels of the small copy, and how much what lies so far is trusted.
_NEIGHBOURHOODS = ((3.0, 1.0), (10.0, 0.02))
# What is wider than this share of the picture is a shadow or a table, not a stroke.
_WIDEST_PEN_SHARE = 0.22
# So often are paper and ink found again, each with the help of the other.
_ROUNDS = 2
# From this share of the usual ink's strength on a pixel is ink.
_THRESHOLD = 0.4
# How far apart, in standard deviations of the paper's noise, ink begins.
_NOISE_FACTOR = 4.5
# Every so many pixels one is taken to measure the paper's colours.
_EVERY = 7


@dataclass(frozen=True)
class InkMap:
    """How much each pixel is ink.

    Attributes:
        strength: `(h, w)` float32, 0 paper, 1 the ink's usual darkness; may exceed 1.
        threshold: from this strength on a pixel is ink.
        is_flat: whether the paper is one even colour, as on a screen.
    """

    strength: np.ndarray
    threshold: float
    is_flat: bool


def binarize_picture(picture: np.ndarray) -> InkMap:
    """Tell ink from paper.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8, dark ink on light paper or light on dark.
    Raises:
        EmptyInkError: the picture is one colour.
    """
    paper = _find_flat_paper(picture)
    if paper is None and max(picture.shape[:2]) < SMALL_PICTURE_PX:
        paper = _find_small_paper(picture)
    if paper is not None:
        return _separate_on_flat_paper(picture, paper)
    return _separate_in_photo(picture)


def _find_flat_paper(picture: np.ndarray) -> np.ndarray | None:
    """The paper's colour where the paper has just one, else None."""
    pixels, grey = _view_pixels(picture)
    counts = np.bincount(grey.ravel(), minlength=256)
    window = np.convolve(counts, np.ones(2 * _FLAT_DISTANCE + 1, int), mode="same")
    peaks = [int(np.argmax(window))]
    # The other brightness may be the paper: a digit can fill most of a tight picture.
    far = window.copy()
    far[max(0, peaks[0] - 64) : peaks[0] + 65] = 0
    if far.max() >= _FLAT_SHARE * grey.size * 0.5:
        peaks.append(int(np.argmax(far)))
    if window[peaks[0]] < _FLAT_SHARE * grey.size:
        return None
    peak = peaks[0] if len(peaks) == 1 else _choose_paper(grey, *peaks)
    # Light that falls unevenly makes every shade around the paper's own.
    around = counts[max(0, peak - _SHADES) : peak + _SHADES + 1].sum()
    if window[peak] < _FLAT_PURITY * around:
        return None
    near = np.abs(grey.astype(np.int16).ravel() - peak) <= _FLAT_DISTANCE
    return np.median(pixels[near], axis=0)


def _find_small_paper(picture: np.ndarray) -> np.ndarray:
    """The paper's colour in a cut-out too small for light to vary: of two shades the wider one."""
    pixels, grey = _view_pixels(picture)
    middle, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    is_bright = grey.ravel() > middle
    if is_bright.all() or not is_bright.any():
        return np.median(pixels, axis=0)
    shades = [np.median(pixels[part], axis=0) for part in (is_bright, ~is_bright)]
    bright, dark = (round(float(shade.mean())) for shade in shades)
    return shades[0] if _choose_paper(grey, bright, dark) == bright else shades[1]


def _view_pixels(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture as a list of colours, `(n, channels)`, and in grey, `(h, w)`."""
    pixels = picture.reshape(-1, picture.shape[2] if picture.ndim == 3 else 1)
    return pixels, picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def _choose_paper(grey: np.ndarray, one: int, other: int) -> int:
    """Of two brightnesses that both cover much, the paper: ink is the thinner of the two."""
    middle = (one + other) / 2
    is_bright = (grey > middle).astype(np.uint8)
    room = [_measure_room(is_bright), _measure_room(1 - is_bright)]
    bright, dark = max(one, other), min(one, other)
    border = np.concatenate([is_bright[0], is_bright[-1], is_bright[:, 0], is_bright[:, -1]])
    # The border counts as well: most pictures have a margin of paper.
    score = np.log(room[0] / room[1]) + 2.0 * (2 * float(border.mean()) - 1)
    return bright if score > 0 else dark


def _measure_room(mask: np.ndarray) -> float:
    """Typical distance of a pixel of the mask to what is not the mask."""
    if not mask.any():
        return 0.1
    if mask.all():
        return float(max(mask.shape))
    # The picture's end is no end of the paper: it goes on beyond.
    around = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    distance = cv2.distanceTransform(around, cv2.DIST_L2, 3)[1:-1, 1:-1]
    return float(np.percentile(distance[mask > 0], 75))


def _separate_on_flat_paper(picture: np.ndarray, paper: np.ndarray) -> InkMap:
    difference = np.abs(picture.astype(np.float32) - paper.astype(np.float32))
    if difference.ndim == 3:
        difference = difference.max(axis=2)
    strongest = float(difference.max())
    if strongest < MIN_CONTRAST:
        raise EmptyInkError("The picture is all one colour: there is no digit in it.")
    # A thin pen reaches its full darkness nowhere: what most of the ink has is the measure.
    full = float(np.percentile(difference[difference > strongest / 4], 70))
    return InkMap(difference / full, _THRESHOLD, is_flat=True)


def _separate_in_photo(picture: np.ndarray) -> InkMap:
    height, width = picture.shape[:2]
    # Paper and ink are found in turns, on a copy that is quick to go through.
    small = _shrink_to(_SEARCH_PX, picture)
    image = _soften(small)
    mask = _find_outliers(image - _close_strokes(small))
    for _ in range(_ROUNDS):
        mask = _find_outliers(image - _estimate_paper(image, mask, mask.shape))
    paper = _estimate_paper(image, mask, (height, width))
    large = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    strength = _project(_soften(picture) - paper, large > 0)
    return InkMap(
        strength, max(_NOISE_FACTOR * _measure_noise(strength), _THRESHOLD), is_flat=False
    )


def _soften(picture: np.ndarray) -> np.ndarray:
    """Without the finest grain: `(h, w, channels)` float32."""
    soft = np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.8))
    return soft.reshape(*picture.shape[:2], -1)


def _close_strokes(picture: np.ndarray) -> np.ndarray:
    """A first guess at the paper, strokes closed, shadows kept: `(h, w, channels)` float32."""
    height, width = picture.shape[:2]
    coarse = cv2.medianBlur(np.ascontiguousarray(_shrink_to(_COARSE_PX, picture)), 3)
    side = round(_WIDEST_PEN_SHARE * min(coarse.shape[:2])) // 2 * 2 + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, kernel)
    opened = cv2.morphologyEx(coarse, cv2.MORPH_OPEN, kernel)
    # Ink covers more than the small islands of paper within it.
    dark, light = (
        float(np.square(cv2.absdiff(x, coarse), dtype=np.float32).mean()) for x in (closed, opened)
    )
    paper = closed if dark >= light else opened
    paper = cv2.GaussianBlur(paper, (0, 0), side / 4)
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return paper.reshape(height, width, -1).astype(np.float32)


def _shrink_to(longer_px: int, image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    scale = min(1.0, longer_px / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _find_outliers(residual: np.ndarray) -> np.ndarray:
    """Pixels that differ from the paper far more than its noise, all darker or all lighter."""
    noises = [max(_measure_noise(residual[..., c]), 0.5) for c in range(residual.shape[2])]
    score = (residual / np.array(noises, np.float32)).sum(axis=2)
    # Ink is rare and strong, so the tail is on its side.
    if float((score[::2, ::2] ** 3).mean()) < 0:
        score = -score
    noise = _measure_noise(score)
    return score > max(_NOISE_FACTOR * noise, 0.35 * float(np.percentile(score[::2, ::2], 99.5)))


def _measure_noise(values: np.ndarray) -> float:
    """Standard deviation of the bulk: by the median, which ink does not move."""
    part = values[::3, ::3]
    return 1.4826 * float(np.median(np.abs(part - np.median(part)))) + 1e-6


def _estimate_paper(image: np.ndarray, mask: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """The paper under the ink too: an average of the paper around, `(*size, channels)` float32."""
    weight = 1 - cv2.dilate(_shrink_to(_COARSE_PX, mask.astype(np.float32)), np.ones((5, 5)))
    weight = np.maximum(weight, 0)[..., None]
    coarse = _shrink_to(_COARSE_PX, image).reshape(*weight.shape[:2], -1) * weight
    # Near paper counts most; where there is none near, farther paper decides, or all of it.
    total = np.full_like(coarse, 1e-4 * coarse.mean(axis=(0, 1)))
    cover = np.full_like(weight, 1e-4 * weight.mean())
    for sigma_px, trust in _NEIGHBOURHOODS:
        total = total + trust * _blur(coarse, sigma_px)
        cover = cover + trust * _blur(weight, sigma_px)
    paper = cv2.resize(total / np.maximum(cover, 1e-9), (size[1], size[0]))
    return paper.reshape(size[0], size[1], -1).astype(np.float32)


def _blur(values: np.ndarray, sigma_px: float) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma_px)).reshape(values.shape)


def _project(residual: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The residual along the direction of colour that sets ink off best; 1 is usual ink.

    Source: Fisher 1936, the linear discriminant.
    """
    n_channels = residual.shape[2]
    mean = np.array(cv2.mean(residual, mask.astype(np.uint8))[:n_channels])
    if np.abs(mean).max() < MIN_CONTRAST / 4:
        raise EmptyInkError("The picture is all one colour: there is no digit in it.")
    # A part of the pixels tells the noise well enough.
    paper = residual.reshape(-1, n_channels)[::_EVERY][~mask.ravel()[::_EVERY]]
    covariance = np.atleast_2d(np.cov(paper.T)) if len(paper) > 1 else np.eye(n_channels)
    weights = np.linalg.solve(covariance + 4 * np.eye(n_channels), mean)
    weights = weights / (mean @ weights)
    return np.asarray(cv2.transform(residual, weights[None].astype(np.float32)))
