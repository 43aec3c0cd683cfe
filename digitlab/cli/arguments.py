"""The arguments of the commands, one function for each command."""

import argparse
from pathlib import Path

from digitlab.cli.settings import add_settings
from digitlab.model_store.formats import MODEL_FORMATS
from digitlab.model_store.store import DEFAULT_MODEL_ID
from digitlab.tuning.study_config import ENGINES, OBJECTIVES, PRUNERS, SAMPLERS


def add_classify(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `classify`."""
    parser.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="a picture, a folder of pictures, or a .json file with a canvas drawing",
    )
    parser.add_argument("--model", default=DEFAULT_MODEL_ID, metavar="ID")
    parser.add_argument(
        "--many", action="store_true", help="find several digits in each picture, with boxes"
    )
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")


def add_datasets(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `datasets`."""
    parser.add_argument("--delete", metavar="ID", help="delete the images of a data set of yours")
    add_json(parser)


def add_rename(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `rename-model`."""
    parser.add_argument("model_id", metavar="MODEL", help="the id, as listed by `models`")
    parser.add_argument("label", metavar="NAME", help="the new name")


def add_tune(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `tune`."""
    parser.add_argument(
        "--base", metavar="NAME", help="the recipe or the network whose settings are varied"
    )
    parser.add_argument(
        "--vary", action="append", default=[], metavar="RANGE",
        help="one setting and its values: learning_rate=1e-4:1e-1:log, dropout=0:0.6, "
        "optimizer=adam,sgd, or a name alone for a usual range; can be repeated",
    )  # fmt: skip
    parser.add_argument("--sampler", choices=SAMPLERS, default="tpe")
    parser.add_argument("--pruner", choices=PRUNERS, default="median")
    parser.add_argument("--objective", choices=OBJECTIVES, default="val_accuracy")
    parser.add_argument("--trials", type=int, metavar="N", help="how many settings are tried")
    parser.add_argument("--minutes", type=float, default=0.0, help="no trial starts later")
    parser.add_argument("--study-seed", type=int, default=0, help="of the sampler")
    parser.add_argument("--engine", choices=ENGINES, default="queue", help="ray: on a cluster")
    parser.add_argument("--address", default="", help="of the cluster, such as 10.0.0.1:6379")
    parser.add_argument(
        "--cpus", type=float, default=1.0, metavar="N", help="cores a trial takes of the cluster"
    )
    parser.add_argument("--name", help="the search's name; by default the time")
    parser.add_argument("--resume", metavar="STUDY", help="go on with this search")
    parser.add_argument("--json", action="store_true", help="print one JSON object per trial")
    add_settings(parser)


def add_lr_range(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `lr-range`."""
    add_settings(parser)
    add_json(parser)


def add_studies(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `studies`."""
    parser.add_argument("study", nargs="?", metavar="STUDY", help="list its trials")
    parser.add_argument(
        "--delete", metavar="STUDY", help="delete this search and the runs of its trials"
    )
    add_json(parser)
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="write them to a .csv file")


def add_import(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `import-model`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a .keras, .h5 or .tflite file")
    parser.add_argument("--name", help="the model's name; by default that of the file")
    parser.add_argument(
        "--dataset", metavar="ID", help="the data set to test on; by default the one that fits best"
    )


def add_delete(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `delete-model` and `publish-model`."""
    parser.add_argument("model_id", metavar="MODEL", help="the id, as listed by `models`")


def add_train(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `train`."""
    add_settings(parser)
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER|ZIP",
        help="train on your own pictures, in one folder for each class (rose/photo.jpg)",
    )
    parser.add_argument(
        "--image-px",
        type=int,
        metavar="N",
        help="with --data: scale the pictures to N pixels: 32, 48, 64, 96 or 128 (default: 64)",
    )
    parser.add_argument("--list-recipes", action="store_true", help="list the recipes and exit")
    parser.add_argument("--name", help="name of the run directory")
    parser.add_argument("--save-as", metavar="NAME", help="save the model under this name")
    add_replace(parser)


def add_replace(parser: argparse.ArgumentParser) -> None:
    """Add `--replace`."""
    parser.add_argument("--replace", action="store_true", help="replace a model of the same name")


def add_zoo(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `zoo`."""
    add_settings(parser)
    parser.add_argument(
        "--nets",
        nargs="+",
        metavar="NET",
        help="only these networks (default: all without a pretrained base)",
    )


def add_teach(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `teach`."""
    parser.add_argument("file", type=Path, help="labelled drawings, saved on the Draw page")
    parser.add_argument("--model", default=DEFAULT_MODEL_ID, metavar="ID")
    parser.add_argument("--name", help="name of the run directory")
    parser.add_argument("--save-as", metavar="NAME", help="save the new model under this name")
    add_replace(parser)


def add_code(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `code`."""
    parser.add_argument(
        "run_or_model",
        nargs="?",
        metavar="RUN|MODEL",
        help="an id, as listed by `runs` or `models`; without it, the settings below",
    )
    add_settings(parser)
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="write it to a file")


def add_export(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `export`."""
    parser.add_argument("model_id", metavar="MODEL", help="the id, as listed by `models`")
    parser.add_argument(
        "--format",
        dest="formats",
        action="append",
        choices=[model_format.id for model_format in MODEL_FORMATS],
        help="write this format only; can be repeated (default: all)",
    )
    parser.add_argument(
        "-o", "--out", type=Path, metavar="FOLDER", help="write the files into this folder"
    )
    add_json(parser)


def add_resume(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `resume`."""
    parser.add_argument("run_id", metavar="RUN")
    parser.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="number of epochs to add (default: those missing from the plan)",
    )


def add_stop(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `stop`."""
    parser.add_argument("run_id", metavar="RUN")
    parser.add_argument(
        "--force", action="store_true", help="kill the process immediately; saved epochs are kept"
    )


def add_save_model(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `save-model`."""
    parser.add_argument("run_id", metavar="RUN")
    parser.add_argument("label", metavar="NAME", help="name of the model")
    add_replace(parser)


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `evaluate`."""
    parser.add_argument("--model", default=DEFAULT_MODEL_ID, metavar="ID")
    parser.add_argument(
        "--data",
        default=None,
        metavar="DATASET|FOLDER|ZIP",
        help="the test images of a data set, or pictures in folders named 0 to 9 (7/photo.png); "
        "default: the model's data set",
    )
    parser.add_argument("--json", action="store_true", help="print all metrics as one JSON object")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write a report: .html with figures, or .json"
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="also compute feature analysis, feature map and robustness, and save all results with "
        "the model (takes minutes)",
    )


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the id of a run."""
    parser.add_argument("run_id", metavar="RUN", help="its id, as listed by `runs`")
