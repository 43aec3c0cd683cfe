"""Compare pen widths for drawings: `python -m benchmarks.pen_width INK_DIGITS.jsonl.gz`.

The pen strokes of half of the writers are drawn at several widths. The other half, at the width in
use, confirms the choice.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np

from digitlab.ink import drawing, prepare_drawing
from digitlab.ink.fabricjs import Stroke
from digitlab.model_store.store import get_model

WIDTHS_PX = (1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0, 3.5)


def main(path: Path) -> None:
    """Print accuracy by pen width, and on the other writers at the width in use."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        digits = [json.loads(line) for line in file]
    writers = sorted({digit["writer"] for digit in digits})
    tuning = set(writers[::2])
    halves = [[d for d in digits if (d["writer"] in tuning) == first] for first in (True, False)]
    in_use = drawing.PEN_WIDTH_PX
    for width in WIDTHS_PX:
        drawing.PEN_WIDTH_PX = width
        print(f"{width:5.2f} px  {_compute_accuracy(halves[0]):.4f} of {len(halves[0]):,}")
    drawing.PEN_WIDTH_PX = in_use
    print(f"other writers at {in_use} px: {_compute_accuracy(halves[1]):.4f} of {len(halves[1]):,}")


def _compute_accuracy(digits: list[dict[str, object]]) -> float:
    images = np.stack([prepare_drawing(_build_strokes(digit)).image for digit in digits])
    labels = np.array([digit["label"] for digit in digits])
    probabilities = get_model("digitlab_cnn").open_reader().compute_probabilities(images)
    return float((probabilities.argmax(axis=1) == labels).mean())


def _build_strokes(digit: dict[str, object]) -> list[Stroke]:
    lines = digit["strokes"]
    assert isinstance(lines, list)
    return [Stroke(np.array(line, dtype=float), 16.0) for line in lines]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
