"""The scripts in plain Keras beside digitlab's own runs: `python -m benchmarks.keras_scripts`.

Each script runs in an interpreter that does not see digitlab; `--python` names that of a fresh
environment with TensorFlow only. MNIST and CIFAR-10, or a copy of it, must be in DIGITLAB_DATA or
in Keras's cache.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.worker_run import run_worker
from digitlab.datasets.loading import load_dataset
from digitlab.nets.summary import compute_layer_table
from digitlab.training.keras_script import write_keras_script
from digitlab.training.recipes import RECIPES

# Shortened, so that all take a few minutes.
CHANGES: dict[str, dict[str, object]] = {
    "simple_cnn": {"epochs": 3},
    # An average over so few steps must be a short one.
    "digitlab_cnn": {
        "epochs": 3,
        "training_fraction": 0.3,
        "ema_momentum": 0.9,
        "exclude_sample": False,
    },
    "cifar10": {"epochs": 4, "training_fraction": 0.3},
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="runs the scripts")
    options = parser.parse_args()
    print(f"{'recipe':14} {'lines':>5} {'':12} {'parameters':>11} {'accuracy':>9} {'seconds':>8}")
    for recipe, changes in CHANGES.items():
        config = replace(RECIPES[recipe].config, **changes)  # type: ignore[arg-type]
        script = write_keras_script(config)
        n_lines = len(script.splitlines())
        _print_row(
            recipe, "the script", (n_lines, *_run_script(script, config.dataset, options.python))
        )
        dataset = load_dataset(config.dataset)
        n_parameters = compute_layer_table(
            config.net, dataset.spec.image_shape, len(dataset.spec.class_names), config.net_options
        ).n_parameters
        begin_s = time.perf_counter()
        ours = run_worker(config)
        took_s = time.perf_counter() - begin_s
        _print_row(recipe, "digitlab", (n_lines, n_parameters, ours.test_accuracy, took_s))


def _run_script(script: str, dataset_id: str, python: str) -> tuple[int, float, float]:
    """Parameters, test accuracy and seconds of the whole script."""
    dataset = load_dataset(dataset_id)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(
            folder / "data.npz", x_train=dataset.images_train, y_train=dataset.labels_train,
            x_test=dataset.images_test, y_test=dataset.labels_test,
        )  # fmt: skip
        (folder / "script.py").write_text(script)
        begin_s = time.perf_counter()
        done = subprocess.run(
            [python, "-I", "script.py", "data.npz"],
            cwd=folder, check=True, capture_output=True, text=True,
        )  # fmt: skip
        took_s = time.perf_counter() - begin_s
    found = re.search(r"test accuracy ([\d.]+), ([\d,]+) parameters", done.stdout)
    assert found is not None, done.stdout
    return int(found[2].replace(",", "")), float(found[1]), took_s


def _print_row(recipe: str, who: str, result: tuple[int, int, float, float]) -> None:
    n_lines, n_parameters, accuracy, seconds = result
    print(
        f"{recipe:14} {n_lines:5} {who:12} {n_parameters:11,} {accuracy:9.4f} {seconds:8.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
