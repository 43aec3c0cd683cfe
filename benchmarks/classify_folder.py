"""Time `classify` on a folder of 4,000 PNGs of 280x280, including the start of the process.

The pictures are the enlarged training digits of the offline sample, dark on light.
`python -m benchmarks.classify_folder`
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from digitlab.datasets.sample import load_sample
from digitlab.paths import PROJECT_DIR

SIDE_PX = 280


def main() -> None:
    """Print time and accuracy."""
    sample = load_sample()
    labels = sample["y_train"]
    with tempfile.TemporaryDirectory() as folder:
        for k, image in enumerate(sample["x_train"]):
            enlarged = Image.fromarray(255 - image).resize(
                (SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC
            )
            enlarged.save(Path(folder) / f"{k:04}.png")
        begin = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "digitlab", "classify", "--json", folder],
            cwd=PROJECT_DIR,
            capture_output=True,
            check=True,
        )
        seconds = time.perf_counter() - begin
    digits = [json.loads(line)["digit"] for line in done.stdout.splitlines()]
    n_correct = sum(digit == label for digit, label in zip(digits, labels, strict=True))
    print(f"\nclassify on a folder of {len(digits):,} PNGs of {SIDE_PX}x{SIDE_PX}")
    print(f"{seconds:.1f} s in total, {seconds / len(digits) * 1000:.2f} ms per picture, ", end="")
    print(f"accuracy {n_correct / len(digits):.4f}")


if __name__ == "__main__":
    main()
