"""How accuracy falls as digits get harder to read."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digitlab.errors import ShelfError
from digitlab.evaluation.corruptions import CORRUPTIONS, Corruption, corrupt_images
from digitlab.evaluation.metrics import compute_interval
from digitlab.evaluation.report import evaluate_images
from digitlab.files import write_json
from digitlab.reader import DigitReader

# Called with steps done and steps in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class RobustnessPoint:
    """What one strength does.

    Attributes:
        low, high: 95 % interval of the accuracy.
        refused: share of the digits taken for none.
    """

    strength: float
    accuracy: float
    low: float
    high: float
    refused: float


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
            ShelfError: the file is missing or damaged.
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
            raise ShelfError(f"The curves in {path} cannot be read: {error}.") from error


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
    low, high = compute_interval(int(report.is_right.sum()), len(labels))
    return RobustnessPoint(
        float(strength), report.accuracy, low, high, float(report.is_refused.mean())
    )
