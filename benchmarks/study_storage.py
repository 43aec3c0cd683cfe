"""What a study asks of its storage: SQL statements and time for each trial.

    python -m benchmarks.study_storage [URL]

A study of 100 trials with 10 epochs each, without training, in a SQLite file or at the URL of an
empty database such as postgresql://user@host/name.
"""

import os
import sys
import tempfile
import time
from collections import Counter
from typing import Any

import optuna
import sqlalchemy

from digitlab.tuning.sampling import open_storage

_N_TRIALS, _N_EPOCHS = 100, 10


def main() -> None:
    """Print statements by kind and the time."""
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/optuna.db"
        os.environ["DIGITLAB_STUDY_STORAGE"] = url
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        kinds: Counter[str] = Counter()

        def count(_c: Any, _u: Any, statement: str, *_: Any) -> None:
            kinds[statement.split(maxsplit=1)[0]] += 1

        study = optuna.create_study(
            storage=open_storage(), pruner=optuna.pruners.MedianPruner(), direction="maximize"
        )
        sqlalchemy.event.listen(sqlalchemy.engine.Engine, "before_cursor_execute", count)
        begin_s = time.perf_counter()
        study.optimize(_report, n_trials=_N_TRIALS)
        took_s = time.perf_counter() - begin_s
    counts = ", ".join(f"{n / _N_TRIALS:.0f} {kind}" for kind, n in kinds.most_common(4))
    print(
        f"{url.partition(':')[0]}: {_N_TRIALS} trials of {_N_EPOCHS} epochs, "
        f"{sum(kinds.values()) / _N_TRIALS:.0f} statements a trial ({counts}), "
        f"{1000 * took_s / _N_TRIALS:.0f} ms a trial"
    )


def _report(trial: optuna.Trial) -> float:
    rate = trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)
    dropout = trial.suggest_float("dropout", 0.0, 0.6)
    for epoch in range(_N_EPOCHS):
        # All are equally good, so that none is pruned.
        trial.report(0.9 + 0.001 * epoch, epoch)
        trial.should_prune()
    return 0.91 - abs(rate - 0.001) - 0.01 * dropout


if __name__ == "__main__":
    main()
