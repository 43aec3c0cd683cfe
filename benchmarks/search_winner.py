"""A search of ten minutes, and its winner beside the tutorial's settings.

    python -m benchmarks.search_winner

Both are trained on all of MNIST with 3 seeds for about the same time: the epochs of the tutorial's
settings are chosen so. Only then is the test set looked at, once for each seed. The study is kept
in `DIGITLAB_STUDIES`, so that the command goes on where it was.
"""

import argparse
import statistics
from dataclasses import replace

from benchmarks.tuning import carry_out_study
from benchmarks.worker_run import run_worker
from digitlab.training.config import TrainConfig
from digitlab.training.recipes import RECIPES
from digitlab.tuning.search_space import parse_range
from digitlab.tuning.study import count_finished, find_best
from digitlab.tuning.study_config import StudyConfig

_RANGES = ("learning_rate", "batch_size", "optimizer", "dropout", "schedule", "augmentation=0:0.6")
_SEEDS = (1, 2, 3)


def main() -> None:
    """Print the winner and the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    minutes = parser.parse_args().minutes
    tutorial = RECIPES["simple_cnn"].config
    base = replace(tutorial, epochs=3, training_fraction=0.2)
    config = StudyConfig(
        base=base.to_json(),
        space=tuple(parse_range(text) for text in _RANGES),
        n_trials=0,
        minutes=minutes,
        full_epochs=tutorial.epochs,
        full_training_fraction=1.0,
    )
    study = carry_out_study(f"winner-{minutes:g}", config)
    trials = study.read_trials()
    best = find_best(config, trials)
    assert best is not None
    winner = config.build_full_config(best.values)
    print(
        f"{count_finished(trials)} trials, best validation accuracy {best.objective:.4f} in trial "
        f"{best.number}:\n{winner.format_command()}"
    )
    seconds = _print_row("winner", winner)
    # One seed says how long an epoch of the tutorial's settings takes.
    one_epoch_s = run_worker(replace(tutorial, epochs=2)).fit_s / 2
    epochs = max(1, round(seconds / one_epoch_s))
    _print_row(f"tutorial, {epochs} epochs", replace(tutorial, epochs=epochs))


def _print_row(name: str, config: TrainConfig) -> float:
    """Train with each seed; returns the mean training time in seconds."""
    results = [run_worker(replace(config, seed=seed)) for seed in _SEEDS]
    accuracies = [result.test_accuracy for result in results]
    seconds = statistics.mean(result.fit_s for result in results)
    print(
        f"{name:22} test accuracy {statistics.mean(accuracies):.4f} ± "
        f"{statistics.stdev(accuracies):.4f} ({', '.join(f'{one:.4f}' for one in accuracies)}), "
        f"training {seconds:.0f} s",
        flush=True,
    )
    return seconds


if __name__ == "__main__":
    main()
