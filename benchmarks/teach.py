"""What a model learns from a writer's digits, and what it forgets: `python -m benchmarks.teach`.

For each writer with enough pen strokes in `DIGITLAB_DATA`, half of the digits are learned in a run
like those of the Draw page, and the other half measures. `--tuning` takes the other writers:
settings are chosen on those.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from digitlab.datasets.loading import load_dataset
from digitlab.evaluation.report import evaluate_reader
from digitlab.inference.reader import DigitReader
from digitlab.ink import prepare_drawing
from digitlab.ink.fabricjs import Stroke
from digitlab.model_store.formats import TFLITE
from digitlab.model_store.store import get_model
from digitlab.runs.control import follow_run, start_run
from digitlab.runs.run import create_run
from digitlab.synthesis.dataset import load_pens
from digitlab.synthesis.strokes import PenDigit, is_held_out
from digitlab.training.teaching import TaughtDigits, build_teaching_config
from digitlab.worker.teaching import measure_accuracy

MIN_DIGITS, N_WRITERS = 40, 20


def main() -> None:
    """Print a line for each writer, then the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="simple_cnn")
    parser.add_argument("--writers", type=int, default=N_WRITERS)
    parser.add_argument("--tuning", action="store_true", help="take the other writers")
    options = parser.parse_args()
    model = get_model(options.model)
    reader = model.open_reader()
    mnist = load_dataset("mnist")
    mnist_before = evaluate_reader(reader, mnist).accuracy
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DIGITLAB_RUNS"] = folder
        # Each run saves its model.
        os.environ["DIGITLAB_MODELS"] = f"{folder}/models"
        print(f"{options.model}\nwriter  digits  before  after   MNIST after   time")
        for writer, digits in choose_writers(options).items():
            begin_s = time.monotonic()
            run = create_run(build_teaching_config(model.id, model.card["config"]), taught=digits)
            start_run(run)
            *_, status = follow_run(run)
            took_s = time.monotonic() - begin_s
            if status.state != "done":
                raise SystemExit(status.message)
            learned = DigitReader(
                run.directory / TFLITE.file_name, no_digit_threshold=reader.no_digit_threshold
            )
            row = (
                measure_accuracy(reader, digits), measure_accuracy(learned, digits),
                evaluate_reader(learned, mnist).accuracy, took_s,
            )  # fmt: skip
            rows.append(row)
            print(
                f"{writer:>6} {len(digits.labels):7} {row[0]:7.3f} {row[1]:6.3f} {row[2]:13.4f} "
                f"{took_s:5.1f} s",
                flush=True,
            )
    before, after, mnist_after, times_s = ([row[k] for row in rows] for k in range(4))
    print(
        f"mean of {len(rows)} writers: {statistics.mean(before):.3f} before, "
        f"{statistics.mean(after):.3f} after; worse for "
        f"{sum(b > a for b, a in zip(before, after, strict=True))}. MNIST {mnist_before:.4f} "
        f"before, {statistics.mean(mnist_after):.4f} after (lowest {min(mnist_after):.4f}). "
        f"{statistics.median(times_s):.1f} s median"
    )


def choose_writers(options: argparse.Namespace) -> dict[str, TaughtDigits]:
    """Writers with enough digits; those that no shipped model learned from come first."""
    drawings: dict[str, list[PenDigit]] = defaultdict(list)
    for pen in load_pens()[0]:
        drawings[pen.writer].append(pen)
    enough = [writer for writer, pens in drawings.items() if len(pens) >= MIN_DIGITS]
    ordered = sorted(enough, key=lambda writer: (not is_held_out(writer), writer))
    chosen = ordered[N_WRITERS:] if options.tuning else ordered[:N_WRITERS]
    return {writer: build_digits(drawings[writer]) for writer in chosen[: options.writers]}


def build_digits(pens: Sequence[PenDigit]) -> TaughtDigits:
    """Every second digit is held out."""
    images = [prepare_drawing([Stroke(line, 16) for line in pen.strokes]).image for pen in pens]
    labels = np.array([int(pen.label) for pen in pens], np.uint8)
    # As in a session, the digits come in any order; the two halves get the same classes.
    order = np.argsort(labels, kind="stable")
    return TaughtDigits(np.stack(images)[order], labels[order], np.arange(len(labels)) % 2 == 1)


if __name__ == "__main__":
    main()
