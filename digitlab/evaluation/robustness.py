"""Robustness: accuracy on corrupted images, by type and strength of the corruption."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digitlab.errors import ModelStoreError
from digitlab.evaluation.metrics import compute_wilson_interval
from digitlab.evaluation.report import evaluate_images
from digitlab.files import load_json, write_json
from digitlab.inference.reader import DigitReader
from digitlab.jobs import ProgressCallback

# Takes an image `(h, w)` or `(h, w, 3)` uint8, a strength, and a random generator.
_Apply = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
# The pen width is changed at this scale, for steps below one pixel.
_UPSCALE = 4


@dataclass(frozen=True)
class Corruption:
    """One type of corruption.

    Attributes:
        unit: of the strengths, for an axis.
        strengths: rising.
        neutral: the strength that changes nothing.
        apply: corrupts one image.
        is_for_photos: whether it makes sense for colour images too.
    """

    id: str
    label: str
    unit: str
    strengths: tuple[float, ...]
    neutral: float
    apply: _Apply
    is_for_photos: bool = True


def corrupt_images(
    images: np.ndarray, corruption_id: str, strength: float, *, seed: int = 0
) -> np.ndarray:
    """Corrupt images at one strength.

    Args:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8; for digits ink is 255.
        corruption_id: one of `CORRUPTIONS`.
        strength: in the corruption's unit.
        seed: for the directions of shifts and the noise.
    Returns:
        Images of the same shape; `images` itself at the neutral strength.
    """
    corruption = CORRUPTIONS[corruption_id]
    if strength == corruption.neutral or not len(images):
        return images
    random = np.random.default_rng(seed)
    return np.stack([corruption.apply(image, strength, random) for image in images])


def corrupt_at_all_strengths(image: np.ndarray, corruption_id: str, *, seed: int = 0) -> np.ndarray:
    """Corrupt one image at every strength.

    Args:
        image: `(h, w)` or `(h, w, 3)` uint8.
    Returns:
        One image for each strength, in the order of `Corruption.strengths`.
    """
    strengths = CORRUPTIONS[corruption_id].strengths
    return np.concatenate(
        [corrupt_images(image[None], corruption_id, step, seed=seed) for step in strengths]
    )


def _warp(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    size = (image.shape[1], image.shape[0])
    border = _choose_border(image)
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)


def _choose_border(image: np.ndarray) -> int:
    """Around a digit is paper; a photo goes on."""
    return cv2.BORDER_REFLECT_101 if image.ndim == 3 else cv2.BORDER_CONSTANT


def _rotate(image: np.ndarray, degrees: float, random: np.random.Generator) -> np.ndarray:
    # OpenCV's positive angles are counter-clockwise.
    return _warp(image, cv2.getRotationMatrix2D(_get_centre(image), -degrees, 1))


def _resize(image: np.ndarray, factor: float, random: np.random.Generator) -> np.ndarray:
    return _warp(image, cv2.getRotationMatrix2D(_get_centre(image), 0, factor))


def _shift(image: np.ndarray, pixels: float, random: np.random.Generator) -> np.ndarray:
    """Shift in a random direction."""
    angle = random.uniform(0, 2 * np.pi)
    offset = pixels * np.array([np.cos(angle), np.sin(angle)])
    return _warp(image, np.hstack([np.eye(2), offset[:, None]]))


def _get_centre(image: np.ndarray) -> tuple[float, float]:
    return (image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2


def _change_pen_width(image: np.ndarray, pixels: float, random: np.random.Generator) -> np.ndarray:
    """Make strokes thicker by a number of pixels, thinner if it is negative."""
    size = (image.shape[1] * _UPSCALE, image.shape[0] * _UPSCALE)
    mask = (cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) > 127).astype(np.uint8)
    if not mask.any():
        return image
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    depth = np.where(mask > 0, inside - 0.5, 0.5 - outside)
    ink = np.clip(depth + pixels * _UPSCALE / 2 + 0.5, 0, 1)
    small = cv2.resize(ink, image.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.round(small * 255).astype(np.uint8)


def _blur(image: np.ndarray, sigma_px: float, random: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), sigma_px, borderType=_choose_border(image))


def _add_noise(image: np.ndarray, sigma: float, random: np.random.Generator) -> np.ndarray:
    noisy = image + random.normal(0, 255 * sigma, image.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def _scale_contrast(image: np.ndarray, factor: float, random: np.random.Generator) -> np.ndarray:
    # Digits fade towards the paper, photos towards their mean.
    target = image.mean() if image.ndim == 3 else 0.0
    return np.round(target + (image - target) * factor).astype(np.uint8)


_ALL = (
    Corruption(
        "rotation", "Rotation", "degrees clockwise",
        (-90, -75, -60, -45, -30, -15, 0, 15, 30, 45, 60, 75, 90), 0, _rotate,
    ),
    Corruption("shift", "Shift", "pixels", (0, 1, 2, 3, 4, 6, 8), 0, _shift),
    Corruption(
        "scale", "Scale", "relative size", (0.4, 0.55, 0.7, 0.85, 1, 1.15, 1.3), 1, _resize,
    ),
    Corruption(
        "pen_width", "Pen width", "pixels thicker", (-2, -1.5, -1, 0, 1, 2, 3, 4), 0,
        _change_pen_width, is_for_photos=False,
    ),
    Corruption(
        "blur", "Blur", "pixels (standard deviation)", (0, 0.5, 1, 1.5, 2, 2.5, 3), 0, _blur,
    ),
    Corruption(
        "noise", "Noise", "fraction of the full range (standard deviation)",
        (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6), 0, _add_noise,
    ),
    Corruption(
        "contrast", "Contrast", "fraction of full contrast", (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1), 1,
        _scale_contrast,
    ),
)  # fmt: skip
CORRUPTIONS: dict[str, Corruption] = {corruption.id: corruption for corruption in _ALL}


def list_corruptions(*, has_photos: bool) -> list[Corruption]:
    """The corruptions that apply to digits and other grey images, or to colour images."""
    return [corruption for corruption in _ALL if corruption.is_for_photos or not has_photos]


@dataclass(frozen=True)
class RobustnessPoint:
    """Accuracy at one strength.

    Attributes:
        low, high: the 95 % confidence interval of the accuracy.
        rejected: fraction of the images rejected as no digit.
    """

    strength: float
    accuracy: float
    low: float
    high: float
    rejected: float


@dataclass(frozen=True)
class Robustness:
    """Accuracy against strength for every corruption.

    Attributes:
        n: the number of images.
        curves: by corruption id, one point for each strength.
    """

    n: int
    curves: dict[str, tuple[RobustnessPoint, ...]]

    def to_json(self) -> dict[str, Any]:
        """The content of `robustness.json`."""
        return {
            "n": self.n,
            "curves": {key: [asdict(p) for p in curve] for key, curve in self.curves.items()},
        }

    def save(self, path: Path) -> None:
        """Write the file; readers see the old one or the new one."""
        write_json(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> "Robustness":
        """Load `robustness.json`; corruptions that no longer exist are ignored.

        Raises:
            ModelStoreError: the file is missing or damaged.
        """
        try:
            loaded = load_json(path, cls)
        except (OSError, ValueError) as error:
            raise ModelStoreError(
                f"The robustness of {path.parent.name} is damaged ({error}). Measure it again."
            ) from error
        curves = {key: curve for key, curve in loaded.curves.items() if key in CORRUPTIONS}
        return cls(loaded.n, curves)


def compute_robustness(
    reader: DigitReader,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    progress: ProgressCallback | None = None,
) -> Robustness:
    """Measure the accuracy at every strength of every corruption.

    Args:
        images: `(n, h, w)` or `(n, h, w, 3)` uint8, n > 0.
        labels: `(n,)` integers.
        progress: called after each strength.
    """
    corruptions = list_corruptions(has_photos=images.ndim == 4)
    n_steps = sum(len(corruption.strengths) for corruption in corruptions)
    points: list[RobustnessPoint] = []
    curves: dict[str, tuple[RobustnessPoint, ...]] = {}
    for corruption in corruptions:
        curve = []
        for strength in corruption.strengths:
            curve.append(_measure(reader, images, labels, corruption, strength))
            points.append(curve[-1])
            if progress is not None:
                progress(len(points), n_steps)
        curves[corruption.id] = tuple(curve)
    return Robustness(len(images), curves)


def _measure(
    reader: DigitReader,
    images: np.ndarray,
    labels: np.ndarray,
    corruption: Corruption,
    strength: float,
) -> RobustnessPoint:
    report = evaluate_images(reader, corrupt_images(images, corruption.id, strength), labels)
    low, high = compute_wilson_interval(int(report.is_correct.sum()), len(labels))
    return RobustnessPoint(
        float(strength), report.accuracy, low, high, float(report.is_rejected.mean())
    )
