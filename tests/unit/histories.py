"""Histories of runs as the worker writes them."""

import math

from digitlab.runs.run import Run


def write_history(run: Run, n_epochs: int) -> None:
    """Write the history of a run that learns and slowly overfits."""
    lines = ["epoch,accuracy,learning_rate,loss,seconds,val_accuracy,val_loss"]
    for k in range(n_epochs):
        loss = 0.36 * math.exp(-0.35 * k) + 0.004
        val_loss = 0.2 * math.exp(-0.4 * k) + 0.035 + 0.001 * k
        lines.append(f"{k},{1 - loss / 3},0.001,{loss},7.5,{1 - val_loss / 3},{val_loss}")
    run.history_path.write_text("\n".join(lines) + "\n", "utf-8")
