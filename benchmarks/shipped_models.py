"""Train the shipped models from scratch: `make shipped-models`.

Three networks are trained on the "handwriting" data set with different seeds; a fourth, which
starts from the best of them, learns from the mean of their probabilities. The shipped one is chosen
by validation loss; test results are printed only. The folder in DIGITLAB_DATA must contain the pen
strokes.

Started again after an interruption, the command goes on where it stopped. Its runs and models stay
in the folder of the runs, in `shipped_models`; delete it to train everything anew.
"""

import os
import subprocess
import sys

from digitlab.cli.main import build_parser
from digitlab.cli.settings import read_settings
from digitlab.errors import ConfigError
from digitlab.model_store.card import load_card
from digitlab.model_store.store import get_model, save_model
from digitlab.paths import get_runs_dir, get_shipped_models_dir
from digitlab.runs.run import Run, get_run, list_runs
from digitlab.synthesis.dataset import load_pens

MODEL_ID, TUTORIAL_ID = "digitlab_cnn", "simple_cnn"
SEEDS = (1, 2, 3)
_SETTINGS = (
    "--dataset handwriting --net digitlab_resnet --batch-size 128 --optimizer adamw "
    "--schedule cosine --weight-decay 0.001 --ema-momentum 0.998 --augmentation 1 "
    "--degradation 0.3 --exclude-sample --calibrate"
)
TEACHER_ARGUMENTS = f"{_SETTINGS} --epochs 16 --learning-rate 0.003"
STUDENT_ARGUMENTS = f"{_SETTINGS} --epochs 10 --learning-rate 0.0015 --seed 4"
TUTORIAL_ARGUMENTS = "--net simple_cnn --epochs 5 --batch-size 64 --exclude-sample"


def main() -> None:
    """Train what is missing, print the table and replace the models in `models/`."""
    load_pens()  # fails now, not after half an hour, if the pen strokes are missing
    work_dir = get_runs_dir() / "shipped_models"
    os.environ["DIGITLAB_RUNS"] = str(work_dir / "runs")
    os.environ["DIGITLAB_MODELS"] = str(work_dir / "models")
    teachers = {f"teacher_{seed}": f"{TEACHER_ARGUMENTS} --seed {seed}" for seed in SEEDS}
    runs = {name: _train(name, arguments) for name, arguments in teachers.items()}
    best = min(runs, key=lambda name: _get_validation_loss(runs[name]))
    student = f"{STUDENT_ARGUMENTS} --init-from {best} --teacher {','.join(teachers)}"
    runs["student"] = _train("student", student)
    chosen = min(runs, key=lambda name: _get_validation_loss(runs[name]))
    runs[TUTORIAL_ID] = _train(TUTORIAL_ID, TUTORIAL_ARGUMENTS)
    _print_table(runs)
    print(f"The lowest validation loss has {chosen}: it is the model {MODEL_ID}.")
    _ship(runs[chosen], MODEL_ID)
    _ship(runs[TUTORIAL_ID], TUTORIAL_ID)


def _train(name: str, arguments: str) -> Run:
    """Train a run and save its model under the same name; what is done already is not repeated.

    Raises:
        ConfigError: the run was trained with other settings.
    """
    command = ["train", *arguments.split(), "--name", name]
    config = read_settings(build_parser().parse_args(command))
    existing = next((run for run in list_runs() if run.id == name), None)
    if existing is None:
        _call(*command)
    elif existing.read_config() != config:
        raise ConfigError(
            f"The run {name} in {existing.directory.parent} has other settings. Delete it, and "
            "those that were trained after it."
        )
    elif existing.read_status().state != "done":
        _call("resume", name)
    if name != TUTORIAL_ID:
        _call("save-model", name, name, "--replace")
    return get_run(name)


def _call(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "digitlab", *arguments], check=True)


def _get_validation_loss(run: Run) -> float:
    return float(load_card(run.directory)["validation"]["val_loss"])


def _print_table(runs: dict[str, Run]) -> None:
    print(f"\n{'':14} {'val loss':>9} {'val acc':>8} {'MNIST test':>11} {'minutes':>8}")
    for name, run in runs.items():
        card = load_card(run.directory)
        validation = card["validation"]
        print(
            f"{name:14} {validation['val_loss']:9.4f} {validation['val_accuracy']:8.4f} "
            f"{card['test']['accuracy']:11.4f} {card['training']['seconds'] / 60:8.1f}"
        )


def _ship(run: Run, model_id: str) -> None:
    """Replace a model in `models/`, and evaluate it."""
    os.environ["DIGITLAB_MODELS"] = str(get_shipped_models_dir())
    label = get_model(model_id).label
    save_model(run, label=label, model_id=model_id, replace=True)
    _call("evaluate", "--model", model_id, "--full")


if __name__ == "__main__":
    main()
