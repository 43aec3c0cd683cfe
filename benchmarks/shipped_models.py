"""Train the shipped models from scratch: `make shipped-models`.

digitlab's network is trained on MNIST first and then on the "handwriting" data set. The folder in
DIGITLAB_DATA must contain the pen strokes. Epochs are selected by validation loss; test results are
printed only.
"""

import os
import subprocess
import sys
import tempfile
import time

from digitlab.model_store.card import load_card
from digitlab.model_store.store import get_model, save_model
from digitlab.paths import get_shipped_models_dir
from digitlab.runs.run import Run, get_run
from digitlab.synthesis.dataset import load_pens

BASE_ID, HANDWRITING_ID = "mnist_base", "handwriting_base"
BASE_ARGUMENTS = (
    "--net digitlab_cnn --epochs 20 --batch-size 128 --optimizer adamw --learning-rate 0.003 "
    "--schedule cosine --weight-decay 0.001 --ema-momentum 0.998 --augmentation 1 --exclude-sample "
    f"--seed 3 --save-as {BASE_ID}"
)
_HANDWRITING_SETTINGS = (
    "--dataset handwriting --net digitlab_cnn --batch-size 128 --optimizer adamw --schedule cosine "
    "--weight-decay 0.001 --ema-momentum 0.998 --augmentation 1 --degradation 0.3 --exclude-sample "
    "--calibrate"
)
HANDWRITING_ARGUMENTS = (
    f"{_HANDWRITING_SETTINGS} --init-from {BASE_ID} --epochs 10 --learning-rate 0.002 --seed 1 "
    f"--save-as {HANDWRITING_ID}"
)
# A second, shorter fit with a lower learning rate reduces the validation loss further.
FINAL_ARGUMENTS = (
    f"{_HANDWRITING_SETTINGS} --init-from {HANDWRITING_ID} --epochs 3 --learning-rate 0.0008 "
    "--seed 2"
)
TUTORIAL_ARGUMENTS = "--net simple_cnn --epochs 5 --batch-size 64 --exclude-sample"


def main() -> None:
    """Train, print the table and replace the models in `models/`."""
    load_pens()  # fails now, not after half an hour, if the pen strokes are missing
    stamp = time.strftime("%Y%m%d-%H%M%S")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DIGITLAB_MODELS"] = folder
        runs = {
            "MNIST alone": _train(BASE_ARGUMENTS, f"{stamp}-base"),
            "on handwriting": _train(HANDWRITING_ARGUMENTS, f"{stamp}-handwriting"),
            "digitlab_cnn": _train(FINAL_ARGUMENTS, f"{stamp}-final"),
            "simple_cnn": _train(TUTORIAL_ARGUMENTS, f"{stamp}-tutorial"),
        }
    print(f"\n{'':14} {'val loss':>9} {'val acc':>8} {'MNIST test':>11} {'minutes':>8}")
    for name, run in runs.items():
        card = load_card(run.directory)
        validation = card["validation"]
        print(
            f"{name:14} {validation['val_loss']:9.4f} {validation['val_accuracy']:8.4f} "
            f"{card['test']['accuracy']:11.4f} {card['training']['seconds'] / 60:8.1f}"
        )
    labels = {name: get_model(name).label for name in ("digitlab_cnn", "simple_cnn")}
    os.environ["DIGITLAB_MODELS"] = str(get_shipped_models_dir())
    for name, label in labels.items():
        save_model(runs[name], label=label, model_id=name, replace=True)
        command = [sys.executable, "-m", "digitlab", "evaluate", "--model", name, "--full"]
        subprocess.run(command, check=True)


def _train(arguments: str, name: str) -> Run:
    command = [sys.executable, "-m", "digitlab", "train", *arguments.split(), "--name", name]
    subprocess.run(command, check=True)
    return get_run(name)


if __name__ == "__main__":
    main()
