"""How accuracy falls as digits get harder to read."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from digitlab.errors import ModelStoreError
from digitlab.evaluation.metrics import compute_wilson_interval
from digitlab.evaluation.report import evaluate_images
from digitlab.files import write_json
from digitlab.inference.reader import DigitReader

_Change = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]
# Pens are changed on a digit this much larger, for steps below one pixel.
_FINE = 4

# Called with steps done and steps in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Corruption:
    """One way to make a digit harder to read.

    Attributes:
        unit: of the strengths, for an axis.
        strengths: in the order of an axis.
        neutral: the strength that changes nothing.
    """

    id: str
    label: str
    unit: str
    strengths: tuple[float, ...]
    neutral: float
    change: _Change


def corrupt_images(
    images: np.ndarray, corruption_id: str, strength: float, *, seed: int = 0
) -> np.ndarray:
    """Change every image by the same amount.

    Args:
        images: `(n, 28, 28)` uint8, ink 255.
        corruption_id: one of `CORRUPTIONS`.
        strength: in the corruption's unit.
        seed: of the directions of shifts and of the noise; the same for every strength.
    Returns:
        As `images`; the same array where the strength is the neutral one.
    """
    corruption = CORRUPTIONS[corruption_id]
    if strength == corruption.neutral or not len(images):
        return images
    random = np.random.default_rng(seed)
    return np.stack([corruption.change(image, strength, random) for image in images])


def corrupt_at_all_strengths(image: np.ndarray, corruption_id: str, *, seed: int = 0) -> np.ndarray:
    """One digit at every strength.

    Args:
        image: `(28, 28)` uint8, ink 255.
    Returns:
        `(strengths, 28, 28)` uint8, in the order of the corruption's strengths.
    """
    steps = CORRUPTIONS[corruption_id].strengths
    return np.concatenate(
        [corrupt_images(image[None], corruption_id, step, seed=seed) for step in steps]
    )


def _warp(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    size = (image.shape[1], image.shape[0])
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR)


def _turn(image: np.ndarray, degrees: float, random: np.random.Generator) -> np.ndarray:
    # OpenCV turns against the clock; people read a positive angle as clockwise.
    return _warp(image, cv2.getRotationMatrix2D(_find_middle(image), -degrees, 1))


def _resize(image: np.ndarray, factor: float, random: np.random.Generator) -> np.ndarray:
    return _warp(image, cv2.getRotationMatrix2D(_find_middle(image), 0, factor))


def _shift(image: np.ndarray, pixels: float, random: np.random.Generator) -> np.ndarray:
    """In a direction drawn at random."""
    angle = random.uniform(0, 2 * np.pi)
    move = pixels * np.array([np.cos(angle), np.sin(angle)])
    return _warp(image, np.hstack([np.eye(2), move[:, None]]))


def _find_middle(image: np.ndarray) -> tuple[float, float]:
    return (image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2


def _change_pen(image: np.ndarray, pixels: float, random: np.random.Generator) -> np.ndarray:
    """Lines wider by so many pixels, thinner if negative."""
    size = (image.shape[1] * _FINE, image.shape[0] * _FINE)
    mask = (cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) > 127).astype(np.uint8)
    if not mask.any():
        return image
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5)
    depth = np.where(mask > 0, inside - 0.5, 0.5 - outside)
    ink = np.clip(depth + pixels * _FINE / 2 + 0.5, 0, 1)
    small = cv2.resize(ink, image.shape[::-1], interpolation=cv2.INTER_AREA)
    return np.round(small * 255).astype(np.uint8)


def _blur(image: np.ndarray, sigma_px: float, random: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), sigma_px, borderType=cv2.BORDER_CONSTANT)


def _add_noise(image: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    noisy = image + random.normal(0, 255 * share, image.shape)
    return np.clip(np.round(noisy), 0, 255).astype(np.uint8)


def _fade(image: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    return np.round(image * share).astype(np.uint8)


_ALL = (
    Corruption(
        "rotation", "Rotation", "degrees clockwise",
        (-90, -75, -60, -45, -30, -15, 0, 15, 30, 45, 60, 75, 90), 0, _turn,
    ),
    Corruption("shift", "Shift", "pixels of 28", (0, 1, 2, 3, 4, 6, 8), 0, _shift),
    Corruption(
        "scale", "Scale", "times its size", (0.4, 0.55, 0.7, 0.85, 1, 1.15, 1.3), 1, _resize,
    ),
    Corruption(
        "pen_width", "Pen width", "pixels thicker", (-2, -1.5, -1, 0, 1, 2, 3, 4), 0, _change_pen,
    ),
    Corruption(
        "blur", "Blur", "pixels (standard deviation)", (0, 0.5, 1, 1.5, 2, 2.5, 3), 0, _blur,
    ),
    Corruption(
        "noise", "Noise", "of full ink (standard deviation)",
        (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6), 0, _add_noise,
    ),
    Corruption("contrast", "Contrast", "of full ink", (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1), 1, _fade),
)  # fmt: skip
CORRUPTIONS: dict[str, Corruption] = {corruption.id: corruption for corruption in _ALL}


@dataclass(frozen=True)
class RobustnessPoint:
    """What one strength does.

    Attributes:
        low, high: 95 % interval of the accuracy.
        rejected: fraction of the images rejected as no digit.
    """

    strength: float
    accuracy: float
    low: float
    high: float
    rejected: float


@dataclass(frozen=True)
class Robustness:
    """Accuracy against strength.

    Attributes:
        n: on how many digits.
        curves: by the corruption's id, one point a strength.
    """

    n: int
    curves: dict[str, tuple[RobustnessPoint, ...]]

    def to_json(self) -> dict[str, Any]:
        """As `robustness.json` holds it."""
        return {
            "n": self.n,
            "curves": {key: [asdict(p) for p in curve] for key, curve in self.curves.items()},
        }

    def save(self, path: Path) -> None:
        """Write the file; a reader sees the old one or the new one, never half of one."""
        write_json(path, self.to_json())

    @classmethod
    def load(cls, path: Path) -> "Robustness":
        """Read what `save` wrote.

        Raises:
            ModelStoreError: the file is missing or damaged.
        """
        try:
            values = json.loads(path.read_text("utf-8"))
            curves = {
                key: tuple(RobustnessPoint(**point) for point in curve)
                for key, curve in values["curves"].items()
                if key in CORRUPTIONS
            }
            return cls(int(values["n"]), curves)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelStoreError(f"The curves in {path} cannot be read: {error}.") from error


def compute_robustness(
    reader: DigitReader,
    images: np.ndarray,
    labels: np.ndarray,
    *,
    progress: Progress | None = None,
) -> Robustness:
    """Read the digits again at every strength of every corruption.

    Args:
        images: `(n, 28, 28)` uint8, ink 255, n > 0.
        labels: `(n,)` integers.
        progress: called after each strength.
    """
    n_steps = sum(len(corruption.strengths) for corruption in CORRUPTIONS.values())
    points: list[RobustnessPoint] = []
    curves: dict[str, tuple[RobustnessPoint, ...]] = {}
    for corruption in CORRUPTIONS.values():
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
