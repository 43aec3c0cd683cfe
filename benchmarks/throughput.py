"""Images a second of the worker, with its reports, against a plain Keras script.

`python -m benchmarks.throughput`: `simple_cnn`, the same batch size, the same validation split,
turn by turn in the same run.
"""

import statistics

from benchmarks.plain_keras import BATCH_SIZE, N_TRAINING, VALIDATION_SPLIT, run_script
from benchmarks.worker_run import run_worker
from digitlab.training.config import TrainConfig

TURNS = 3
EPOCHS = 1
CONFIG = TrainConfig(epochs=EPOCHS, batch_size=BATCH_SIZE, validation_split=VALIDATION_SPLIT)


def main() -> None:
    """Print the table."""
    print(f"\nTraining simple_cnn, batch {BATCH_SIZE}, {EPOCHS} epoch, images/s")
    print(f"{'turn':>4} {'plain Keras':>12} {'worker':>8} {'ratio':>6}")
    ratios = []
    for turn in range(1, TURNS + 1):
        plain = N_TRAINING * EPOCHS / run_script(EPOCHS).fit_s
        worker = N_TRAINING * EPOCHS / run_worker(CONFIG).fit_s
        ratios.append(worker / plain)
        print(f"{turn:4} {plain:12,.0f} {worker:8,.0f} {ratios[-1]:6.2f}")
    print(f"median ratio {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
