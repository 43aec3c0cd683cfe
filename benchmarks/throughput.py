"""Images a second of the worker, with its reports, against a plain Keras script.

`python -m benchmarks.throughput`: `simple_cnn`, the same batch size, the same validation split,
turn by turn in the same run. What else a machine does takes from one or the other by chance: the
best turn of each, which was disturbed least, is compared as well.
"""

import statistics

from benchmarks.plain_keras import BATCH_SIZE, N_TRAINING, VALIDATION_SPLIT, run_script
from benchmarks.worker_run import run_worker
from digitlab.training.config import TrainConfig

TURNS = 5
EPOCHS = 1
CONFIG = TrainConfig(epochs=EPOCHS, batch_size=BATCH_SIZE, validation_split=VALIDATION_SPLIT)


def main() -> None:
    """Print the table."""
    print(f"\nTraining simple_cnn, batch {BATCH_SIZE}, {EPOCHS} epoch, images/s")
    print(f"{'turn':>4} {'plain Keras':>12} {'worker':>8} {'ratio':>6}")
    plain, worker = [], []
    for turn in range(1, TURNS + 1):
        plain.append(N_TRAINING * EPOCHS / run_script(EPOCHS).fit_s)
        worker.append(N_TRAINING * EPOCHS / run_worker(CONFIG).fit_s)
        print_row(str(turn), plain[-1], worker[-1])
    print_row("best", max(plain), max(worker))
    ratios = [ours / theirs for ours, theirs in zip(worker, plain, strict=True)]
    print(f"median ratio {statistics.median(ratios):.2f}")


def print_row(turn: str, plain: float, worker: float) -> None:
    """Images a second, and what the worker makes of the script's."""
    print(f"{turn:>4} {plain:12,.0f} {worker:8,.0f} {worker / plain:6.2f}", flush=True)


if __name__ == "__main__":
    main()
