"""Train the shipped models anew: `make shipped-models`.

digitlab_cnn is trained with three seeds. The one with the lowest validation loss is shipped; test
accuracies are printed beside it and play no part in the choice.
"""

import os
import subprocess
import sys
import time

from digitlab.paths import get_shipped_models_dir
from digitlab.runs import Run, get_run, write_json
from digitlab.shelf import read_card, shelve_run

OWN_RECIPE = (
    "--net digitlab_cnn --epochs 20 --batch-size 128 --optimizer adamw --learning-rate 0.003 "
    "--schedule cosine --weight-decay 0.001 --ema-momentum 0.998 --augmentation 1 --exclude-sample"
)
TUTORIAL_RECIPE = "--net simple_cnn --epochs 5 --batch-size 64 --exclude-sample"
SEEDS = (1, 2, 3)


def main() -> None:
    """Train, print the table, put the chosen models into `models/`."""
    os.environ["DIGITLAB_MODELS"] = str(get_shipped_models_dir())
    stamp = time.strftime("%Y%m%d-%H%M%S")
    runs = [_train(f"{OWN_RECIPE} --seed {seed}", f"{stamp}-own-{seed}") for seed in SEEDS]
    cards = [read_card(run.directory) for run in runs]
    accuracies = [card["test"]["accuracy"] for card in cards]
    mean = sum(accuracies) / len(accuracies)
    best = min(range(len(cards)), key=lambda k: cards[k]["validation"]["val_loss"])
    print(f"\n{'seed':>6} {'val loss':>9} {'val acc':>8} {'test acc':>9}")
    for k, (seed, card) in enumerate(zip(SEEDS, cards, strict=True)):
        validation = card["validation"]
        print(
            f"{seed:6} {validation['val_loss']:9.4f} {validation['val_accuracy']:8.4f} "
            f"{accuracies[k]:9.4f}{'  shipped' if k == best else ''}"
        )
    print(f"{'mean':>6} {'':9} {'':8} {mean:9.4f}")
    shipped = shelve_run(runs[best], "digitlab_cnn")
    seeds = {"test_accuracies": dict(zip(map(str, SEEDS), accuracies, strict=True)), "mean": mean}
    write_json(shipped.directory / "card.json", {**shipped.card, "seeds": seeds})
    shelve_run(_train(TUTORIAL_RECIPE, f"{stamp}-tutorial"), "simple_cnn")


def _train(recipe: str, name: str) -> Run:
    command = [sys.executable, "-m", "digitlab", "train", *recipe.split(), "--name", name]
    subprocess.run(command, check=True)
    return get_run(name)


if __name__ == "__main__":
    main()
