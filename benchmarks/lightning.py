"""Compare the recipe "lightning" with the tutorials' script on the same machine.

`python -m benchmarks.lightning`. Both times are those of `fit`, from the first to the last step;
the worker's includes its status updates. The recipe was tuned on validation data; test accuracies
are printed only.
"""

import statistics
from dataclasses import replace

from benchmarks.plain_keras import run_script
from benchmarks.worker_run import run_worker
from digitlab.training.recipes import RECIPES

SEEDS = range(5)
TUTORIAL_EPOCHS = 5


def main() -> None:
    """Print the table."""
    config = RECIPES["lightning"].config
    print(f'\n"99 % in seconds" ({config.format_command()})')
    print(f"{'':32} {'fit':>8} {'test accuracy':>14}")
    before = run_script(TUTORIAL_EPOCHS)
    print(f"{'tutorials, 5 epochs, before':32} {before.fit_s:6.1f} s {before.test_accuracy:14.4f}")
    times, accuracies = [], []
    for seed in SEEDS:
        run = run_worker(replace(config, seed=seed))
        times.append(run.fit_s)
        accuracies.append(run.test_accuracy)
        print(f"{f'lightning, seed {seed}':32} {run.fit_s:6.1f} s {run.test_accuracy:14.4f}")
    after = run_script(TUTORIAL_EPOCHS)
    print(f"{'tutorials, 5 epochs, after':32} {after.fit_s:6.1f} s {after.test_accuracy:14.4f}")
    tutorial_s = (before.fit_s + after.fit_s) / 2
    mean_s = statistics.mean(times)
    print(
        f"lightning, mean of {len(SEEDS)}: {mean_s:.1f} s, {statistics.mean(accuracies):.4f}; "
        f"1/{tutorial_s / mean_s:.1f} of the tutorials' time"
    )


if __name__ == "__main__":
    main()
