"""Samplers and pruners on the same budget, and what a trial costs besides its training.

    python -m benchmarks.tuning --seeds 5

On 2,000 training images of MNIST, 3 epochs a trial, 30 trials a search. Studies are kept in
`DIGITLAB_STUDIES`, so that the command goes on where it was. The test set is not looked at.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from itertools import pairwise

from digitlab.runs.control import follow_run, start_run
from digitlab.runs.run import create_run, get_run
from digitlab.training.config import TrainConfig
from digitlab.tuning.search_space import parse_range
from digitlab.tuning.study import (
    Study,
    count_finished,
    create_study,
    find_best,
    list_studies,
    resume_study,
)
from digitlab.tuning.study_config import StudyConfig

_N_TRIALS, _N_IMAGES = 30, 2000
# A grid of 30.
_RANGES = (
    "learning_rate=1e-4:1e-1:log:5", "dropout=0:0.6:linear:3", "batch_size=32,128",
)  # fmt: skip
_VARIANTS = (("tpe", "none"), ("random", "none"), ("grid", "none"), ("tpe", "median"))
_N_REPEATED = 10


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=_N_TRIALS)
    options = parser.parse_args()
    print(
        f"{'sampler':8} {'pruner':8} {'best validation accuracy':26} {'training':>16} epochs pruned"
    )
    for sampler, pruner in _VARIANTS:
        studies = [
            carry_out_study(
                f"bench-{sampler}-{pruner}-{options.trials}-{seed}",
                _build(sampler, pruner, seed, options.trials),
            )
            for seed in range(options.seeds)
        ]
        _print_row(sampler, pruner, studies)
    _print_overhead()


def _build(sampler: str, pruner: str, seed: int, n_trials: int) -> StudyConfig:
    fraction = _N_IMAGES / 54_000
    base = TrainConfig(net="simple_cnn", epochs=3, training_fraction=fraction, seed=seed)
    return StudyConfig(
        base=base.to_json(),
        space=tuple(parse_range(text) for text in _RANGES),
        sampler=sampler,
        pruner=pruner,
        n_trials=n_trials,
        seed=seed,
    )


def carry_out_study(name: str, config: StudyConfig) -> Study:
    """The study of this name, carried out to its end."""
    study = next((one for one in list_studies() if one.id == name), None)
    if study is None:
        study = create_study(config, name=name)
    elif not study.is_running() and study.inspect().state != "done":
        resume_study(study)
    status = study.wait()
    if status.state != "done":
        raise SystemExit(f"{name}: {status.message}")
    return study


def _print_row(sampler: str, pruner: str, studies: Sequence[Study]) -> None:
    best, seconds, epochs, pruned = [], [], [], []
    for study in studies:
        trials = study.read_trials()
        found = find_best(study.read_config(), trials)
        assert found is not None and found.objective is not None
        best.append(found.objective)
        rows = [row for trial in trials for row in get_run(trial.run).read_history()]
        seconds.append(sum(row["seconds"] for row in rows))
        epochs.append(len(rows))
        pruned.append(sum(trial.state == "pruned" for trial in trials) / count_finished(trials))
    accuracy = f"{_format(best, 4)} ({min(best):.4f} to {max(best):.4f})"
    print(
        f"{sampler:8} {pruner:8} {accuracy:26} {_format(seconds, 1):>14} s "
        f"{statistics.mean(epochs):6.1f} {statistics.mean(pruned):6.0%}",
        flush=True,
    )


def _format(values: Sequence[float], digits: int) -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.{digits}f} ± {spread:.{digits}f}"


def _print_overhead() -> None:
    """The time from trial to trial, compared to runs one after the other without a study."""
    # Only the seed of the network differs, which changes nothing in the time.
    name = f"overhead-{time.strftime('%Y%m%d-%H%M%S')}"
    base = _build("random", "none", 0, 1).base_config
    config = StudyConfig(
        base=base.to_json(),
        space=(parse_range("label_smoothing=0.001:0.002"),),
        sampler="random",
        pruner="none",
        n_trials=_N_REPEATED + 1,
    )
    study = carry_out_study(name, config)
    created = [get_run(trial.run).read_meta().created_s for trial in study.read_trials()]
    # The first trial loads TensorFlow.
    periods = [after - before for before, after in pairwise(created[1:])]
    plain = []
    for number in range(_N_REPEATED):
        begin_s = time.perf_counter()
        # A trial's run is not tested either.
        run = create_run(base, name=f"{name}-plain-{number}", study=name)
        start_run(run)
        for _ in follow_run(run):
            pass
        plain.append(time.perf_counter() - begin_s)
    trial_s, plain_s = statistics.median(periods), statistics.median(plain)
    print(
        f"\na trial {trial_s:.2f} s, the same run without a study {plain_s:.2f} s (median of "
        f"{_N_REPEATED}): overhead {trial_s - plain_s:.2f} s"
    )


if __name__ == "__main__":
    main()
