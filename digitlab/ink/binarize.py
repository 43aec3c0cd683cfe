"""Separate ink from paper in any light, on paper and with pens of any colour.

The background is estimated by a heavy blur over the pixels that are not ink. Ink is what differs
from the background along the colour direction with the largest contrast relative to the noise.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from digitlab.errors import EmptyInkError
from digitlab.ink.edge_bars import crop_frame

# A picture with less difference than this between paper and ink (of 255) is one colour.
MIN_CONTRAST = 20
# Paper is flat (a screenshot or a scan) if this fraction of the pixels lies within this distance of
# one brightness, and if those are this fraction of the pixels within `_SHADE_RANGE`.
_FLAT_FRACTION = 0.3
_FLAT_DISTANCE = 3
_SHADE_RANGE = 40
_FLAT_PURITY = 0.9
# The second most frequent brightness is at least this far from the first.
_MIN_PEAK_DISTANCE = 64
# A smaller picture is a tight crop, not a photo of a page.
SMALL_PICTURE_PX = 48
# The background is estimated on a reduced copy, because light varies slowly.
_COARSE_PX = 128
_SEARCH_PX = 256
# Sigma of each blur, in pixels of the reduced copy, and its weight.
_BLURS = ((3.0, 1.0), (10.0, 0.02))
# What is wider than this fraction of the picture is a shadow or a table, not a stroke.
_MAX_PEN_WIDTH = 0.22
# Dark and light ink are told apart by pens up to this width, if they left this fraction of all ink.
_THIN_PEN_WIDTH, _MIN_THIN_INK = 0.07, 0.1
# Number of times that background and ink are estimated in turn, each from the other.
_N_ITERATIONS = 2
# A pixel is ink above this fraction of the typical ink's strength.
_THRESHOLD = 0.4
# In a photo ink also exceeds this many standard deviations of the paper's noise.
_NOISE_FACTOR = 4.5
# Every n-th pixel is enough to estimate the covariance of the paper's colours.
_SAMPLING_STEP = 7


@dataclass(frozen=True)
class InkMap:
    """The amount of ink at each pixel.

    Attributes:
        strength: `(h, w)` float32, 0 paper, 1 typical ink; may exceed 1.
        threshold: pixels above this strength are ink.
        is_flat: whether the paper is one uniform colour, as in a screenshot.
    """

    strength: np.ndarray
    threshold: float
    is_flat: bool


def binarize_picture(picture: np.ndarray) -> InkMap:
    """Separate ink from paper.

    Args:
        picture: `(h, w)` or `(h, w, 3)` uint8, dark ink on light paper or light on dark.
    Returns:
        The ink's strength at each pixel of the picture, and the threshold to apply.
    Raises:
        EmptyInkError: the picture is one colour, or nothing stands out in it.
    """
    paper = _find_flat_paper(picture)
    if paper is None and max(picture.shape[:2]) < SMALL_PICTURE_PX:
        paper = _find_small_paper(picture)
    if paper is not None:
        return _separate_on_flat_paper(picture, paper)
    return _separate_in_photo(picture)


def _find_flat_paper(picture: np.ndarray) -> np.ndarray | None:
    """The paper's colour if it is uniform, else None."""
    pixels, grey = _view_pixels(picture)
    counts = np.bincount(grey.ravel(), minlength=256)
    window = np.convolve(counts, np.ones(2 * _FLAT_DISTANCE + 1, int), mode="same")
    peaks = [int(np.argmax(window))]
    # The second most frequent brightness may be the paper: a digit can fill most of a tight crop.
    others = window.copy()
    others[max(0, peaks[0] - _MIN_PEAK_DISTANCE) : peaks[0] + _MIN_PEAK_DISTANCE + 1] = 0
    if others.max() >= _FLAT_FRACTION * grey.size * 0.5:
        peaks.append(int(np.argmax(others)))
    if window[peaks[0]] < _FLAT_FRACTION * grey.size:
        return None
    peak = peaks[0] if len(peaks) == 1 else _choose_paper_brightness(grey, *peaks)
    # Uneven light spreads the paper over many neighbouring shades.
    n_similar = counts[max(0, peak - _SHADE_RANGE) : peak + _SHADE_RANGE + 1].sum()
    if window[peak] < _FLAT_PURITY * n_similar:
        return None
    is_paper = np.abs(grey.astype(np.int16).ravel() - peak) <= _FLAT_DISTANCE
    return np.median(pixels[is_paper], axis=0)


def _find_small_paper(picture: np.ndarray) -> np.ndarray:
    """The paper's colour in a crop too small for uneven light: one of its two main colours."""
    pixels, grey = _view_pixels(picture)
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    is_bright = grey.ravel() > threshold
    if is_bright.all() or not is_bright.any():
        return np.median(pixels, axis=0)
    colours = [np.median(pixels[part], axis=0) for part in (is_bright, ~is_bright)]
    bright, dark = (round(float(colour.mean())) for colour in colours)
    is_paper_bright = _choose_paper_brightness(grey, bright, dark) == bright
    return colours[0] if is_paper_bright else colours[1]


def _view_pixels(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The picture as a list of colours, `(n, channels)`, and in grey, `(h, w)`."""
    pixels = picture.reshape(-1, picture.shape[2] if picture.ndim == 3 else 1)
    return pixels, picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def _choose_paper_brightness(grey: np.ndarray, one: int, other: int) -> int:
    """Which of two frequent brightnesses is the paper: the one with wider areas."""
    is_bright = crop_frame((grey > (one + other) / 2).astype(np.uint8))
    ratio = _measure_area_width(is_bright) / _measure_area_width(1 - is_bright)
    border = np.concatenate([is_bright[0], is_bright[-1], is_bright[:, 0], is_bright[:, -1]])
    # The border counts too: most pictures have a margin of paper.
    score = np.log(ratio) + 2.0 * (2 * float(border.mean()) - 1)
    return max(one, other) if score > 0 else min(one, other)


def _measure_area_width(mask: np.ndarray) -> float:
    """The 75th percentile of the distance of the mask's pixels to its edge."""
    if not mask.any():
        return 0.1
    if mask.all():
        return float(max(mask.shape))
    # The picture's edge is not an edge of the mask, which may continue beyond it.
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    return float(np.percentile(distance[mask > 0], 75))


def _separate_on_flat_paper(picture: np.ndarray, paper: np.ndarray) -> InkMap:
    difference = np.abs(picture.astype(np.float32) - paper.astype(np.float32))
    if difference.ndim == 3:
        difference = difference.max(axis=2)
    strongest = float(difference.max())
    if strongest < MIN_CONTRAST:
        raise EmptyInkError("The picture is one colour: it shows no digit.")
    # The strongest pixels of a thin pen are antialiased, so full strength is a percentile.
    full = float(np.percentile(difference[difference > strongest / 4], 70))
    return InkMap(difference / full, _THRESHOLD, is_flat=True)


def _separate_in_photo(picture: np.ndarray) -> InkMap:
    height, width = picture.shape[:2]
    # Background and ink are estimated in turn, on a reduced copy for speed.
    reduced = _shrink_to(_SEARCH_PX, picture)
    image = _smooth(reduced)
    mask = _find_ink(image - _estimate_background_by_closing(reduced))
    for _ in range(_N_ITERATIONS):
        mask = _find_ink(image - _estimate_background(image, mask, mask.shape))
    background = _estimate_background(image, mask, (height, width))
    enlarged = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    strength = _project(_smooth(picture) - background, enlarged > 0)
    return InkMap(
        strength, max(_NOISE_FACTOR * _measure_noise(strength), _THRESHOLD), is_flat=False
    )


def _smooth(picture: np.ndarray) -> np.ndarray:
    """Remove pixel noise: `(h, w, channels)` float32."""
    smooth = np.asarray(cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.8))
    return smooth.reshape(*picture.shape[:2], -1)


def _estimate_background_by_closing(picture: np.ndarray) -> np.ndarray:
    """A first estimate: strokes are closed, shadows remain: `(h, w, channels)` float32."""
    height, width = picture.shape[:2]
    coarse = cv2.medianBlur(np.ascontiguousarray(_shrink_to(_COARSE_PX, picture)), 3)
    closed, opened = _close_and_open(coarse, _MAX_PEN_WIDTH)
    background = closed if _is_ink_dark(coarse, closed, opened) else opened
    sigma_px = _find_kernel_side(coarse, _MAX_PEN_WIDTH) / 4
    background = cv2.GaussianBlur(background, (0, 0), sigma_px)
    background = cv2.resize(background, (width, height), interpolation=cv2.INTER_LINEAR)
    return background.reshape(height, width, -1).astype(np.float32)


def _find_kernel_side(coarse: np.ndarray, pen_width: float) -> int:
    return round(pen_width * min(coarse.shape[:2])) // 2 * 2 + 1


def _close_and_open(coarse: np.ndarray, pen_width: float) -> tuple[np.ndarray, np.ndarray]:
    """A reduced picture without dark strokes, and without light strokes, up to this width."""
    side = _find_kernel_side(coarse, pen_width)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    closed = cv2.morphologyEx(coarse, cv2.MORPH_CLOSE, kernel)
    return closed, cv2.morphologyEx(coarse, cv2.MORPH_OPEN, kernel)


def _is_ink_dark(coarse: np.ndarray, closed: np.ndarray, opened: np.ndarray) -> bool:
    """Whether the ink of a reduced picture is darker than the paper.

    With a wide kernel the wrong operation fills the loops of digits, and the squares of squared
    paper: what thin pens leave decides, if there is any.

    Args:
        closed, opened: by the widest pen.
    """
    dark, light = (_measure_rare_difference(wide, coarse) for wide in (closed, opened))
    thin_dark, thin_light = (
        _measure_rare_difference(thin, coarse) for thin in _close_and_open(coarse, _THIN_PEN_WIDTH)
    )
    if max(thin_dark, thin_light) > _MIN_THIN_INK * max(dark, light):
        return thin_dark >= thin_light
    return dark >= light


def _measure_rare_difference(one: np.ndarray, other: np.ndarray) -> float:
    """The mean square of what differs more than usual: ink is rare, unlike squares of paper."""
    difference = cv2.absdiff(one, other).astype(np.float32)
    return float(np.square(np.maximum(difference - np.median(difference), 0)).mean())


def _shrink_to(longer_px: int, image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    scale = min(1.0, longer_px / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _find_ink(residual: np.ndarray) -> np.ndarray:
    """Pixels far outside the background's noise, either all darker or all lighter: `(h, w)`."""
    noises = [max(_measure_noise(residual[..., c]), 0.5) for c in range(residual.shape[2])]
    score = (residual / np.array(noises, np.float32)).sum(axis=2)
    # Ink is rare and strong, so the distribution is skewed towards it.
    if float((score[::2, ::2] ** 3).mean()) < 0:
        score = -score
    noise = _measure_noise(score)
    return score > max(_NOISE_FACTOR * noise, 0.35 * float(np.percentile(score[::2, ::2], 99.5)))


def _measure_noise(values: np.ndarray) -> float:
    """Robust standard deviation by the median absolute deviation, which ignores rare ink."""
    sample = values[::3, ::3]
    return 1.4826 * float(np.median(np.abs(sample - np.median(sample)))) + 1e-6


def _estimate_background(image: np.ndarray, mask: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Average the pixels around each pixel that are not ink: `(*size, channels)` float32."""
    weight = 1 - cv2.dilate(_shrink_to(_COARSE_PX, mask.astype(np.float32)), np.ones((5, 5)))
    weight = np.maximum(weight, 0)[..., None]
    coarse = _shrink_to(_COARSE_PX, image).reshape(*weight.shape[:2], -1) * weight
    # The wide blur and the overall mean only matter where the narrow blur sees no paper.
    total = np.full_like(coarse, 1e-4 * coarse.mean(axis=(0, 1)))
    total_weight = np.full_like(weight, 1e-4 * weight.mean())
    for sigma_px, blur_weight in _BLURS:
        total = total + blur_weight * _blur(coarse, sigma_px)
        total_weight = total_weight + blur_weight * _blur(weight, sigma_px)
    background = cv2.resize(total / np.maximum(total_weight, 1e-9), (size[1], size[0]))
    return background.reshape(size[0], size[1], -1).astype(np.float32)


def _blur(values: np.ndarray, sigma_px: float) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma_px)).reshape(values.shape)


def _project(residual: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Project onto the colour direction that separates ink from paper best; 1 is typical ink.

    Source: Fisher 1936, linear discriminant.
    """
    n_channels = residual.shape[2]
    mean = np.array(cv2.mean(residual, mask.astype(np.uint8))[:n_channels])
    if np.abs(mean).max() < MIN_CONTRAST / 4:
        raise EmptyInkError("No ink stands out from the rest of the picture: it shows no digit.")
    is_paper = ~mask.ravel()[::_SAMPLING_STEP]
    paper = residual.reshape(-1, n_channels)[::_SAMPLING_STEP][is_paper]
    covariance = np.atleast_2d(np.cov(paper.T)) if len(paper) > 1 else np.eye(n_channels)
    weights = np.linalg.solve(covariance + 4 * np.eye(n_channels), mean)
    weights = weights / (mean @ weights)
    return np.asarray(cv2.transform(residual, weights[None].astype(np.float32)))
