"""Compare the worker's training throughput with a plain Keras script.

`python -m benchmarks.throughput`: `simple_cnn` with the same batch size and validation split, in
alternating rounds. The best round of each, which other processes disturbed least, is compared too.
"""

import statistics

from benchmarks.plain_keras import BATCH_SIZE, N_TRAINING, VALIDATION_SPLIT, run_script
from benchmarks.worker_run import run_worker
from digitlab.training.config import TrainConfig

ROUNDS = 5
EPOCHS = 1
CONFIG = TrainConfig(epochs=EPOCHS, batch_size=BATCH_SIZE, validation_split=VALIDATION_SPLIT)


def main() -> None:
    """Print the table."""
    print(f"\nTraining simple_cnn, batch {BATCH_SIZE}, {EPOCHS} epoch, images/s")
    print(f"{'round':>5} {'plain Keras':>12} {'worker':>8} {'ratio':>6}")
    plain, worker = [], []
    for round_number in range(1, ROUNDS + 1):
        plain.append(N_TRAINING * EPOCHS / run_script(EPOCHS).fit_s)
        worker.append(N_TRAINING * EPOCHS / run_worker(CONFIG).fit_s)
        print_row(str(round_number), plain[-1], worker[-1])
    print_row("best", max(plain), max(worker))
    ratios = [ours / plain_speed for ours, plain_speed in zip(worker, plain, strict=True)]
    print(f"median ratio {statistics.median(ratios):.2f}")


def print_row(name: str, plain: float, worker: float) -> None:
    """Print images per second of both, and their ratio."""
    print(f"{name:>5} {plain:12,.0f} {worker:8,.0f} {worker / plain:6.2f}", flush=True)


if __name__ == "__main__":
    main()
