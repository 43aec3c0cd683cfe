"""The command line: `python -m digitlab COMMAND`. Only the chosen command is imported."""

import argparse
import importlib
import importlib.util
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from digitlab import __version__
from digitlab.cli.settings import add_settings
from digitlab.errors import DigitlabError, RunError
from digitlab.model_store.formats import MODEL_FORMATS
from digitlab.model_store.store import DEFAULT_MODEL_ID
from digitlab.tuning.study_config import OBJECTIVES, PRUNERS, SAMPLERS

# The exit code of a process that SIGINT ended: 128 + 2.
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0 for success, 1 for an error, 130 after Ctrl-C.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # File names can contain characters, or bytes, that the terminal cannot show.
        sys.stdout.reconfigure(errors="backslashreplace")
    options = build_parser().parse_args(arguments)
    try:
        exit_code = _run_command(options)
        # Flushed inside the `try`, so that a closed pipe (`| head`) is handled below.
        sys.stdout.flush()
    except DigitlabError as error:
        print(f"digitlab: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return exit_code


def _run_command(options: argparse.Namespace) -> int:
    command = _COMMANDS[options.command]
    missing = [name for name in command.packages if importlib.util.find_spec(name) is None]
    if missing:
        # `make run` may still be installing them in the background.
        raise RunError(
            f"`{options.command}` needs packages that are not installed: {', '.join(missing)}. "
            "Run `make install`, then try again."
        )
    run = getattr(importlib.import_module(f"digitlab.cli.{command.module}"), command.function)
    exit_code: int = run(options)
    return exit_code


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands and their options."""
    parser = argparse.ArgumentParser(prog="digitlab", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=f"digitlab {__version__}")
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    for name, command in _COMMANDS.items():
        command.add_arguments(commands.add_parser(name, help=command.help))
    return parser


def _add_classify_arguments(parser: argparse.ArgumentParser) -> None:
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
    _add_json_argument(parser)


def _add_json_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")


def _add_datasets_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--delete", metavar="ID", help="delete the images of a data set of yours")
    _add_json_argument(parser)


def _add_rename_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model_id", metavar="MODEL", help="the id, as listed by `models`")
    parser.add_argument("label", metavar="NAME", help="the new name")


def _add_tune_arguments(parser: argparse.ArgumentParser) -> None:
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
    parser.add_argument("--name", help="the search's name; by default the time")
    parser.add_argument("--resume", metavar="STUDY", help="go on with this search")
    parser.add_argument("--json", action="store_true", help="print one JSON object per trial")
    add_settings(parser)


def _add_studies_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("study", nargs="?", metavar="STUDY", help="list its trials")
    _add_json_argument(parser)
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="write them to a .csv file")


def _add_import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a .keras, .h5 or .tflite file")
    parser.add_argument("--name", help="the model's name; by default that of the file")
    parser.add_argument(
        "--dataset", metavar="ID", help="the data set to test on; by default the one that fits best"
    )


def _add_delete_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model_id", metavar="MODEL", help="the id, as listed by `models`")


def _add_train_arguments(parser: argparse.ArgumentParser) -> None:
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
    _add_replace_argument(parser)


def _add_replace_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--replace", action="store_true", help="replace a model of the same name")


def _add_zoo_arguments(parser: argparse.ArgumentParser) -> None:
    add_settings(parser)
    parser.add_argument(
        "--nets",
        nargs="+",
        metavar="NET",
        help="only these networks (default: all without a pretrained base)",
    )


def _add_teach_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="labelled drawings, saved on the Draw page")
    parser.add_argument("--model", default=DEFAULT_MODEL_ID, metavar="ID")
    parser.add_argument("--name", help="name of the run directory")
    parser.add_argument("--save-as", metavar="NAME", help="save the new model under this name")
    _add_replace_argument(parser)


def _add_code_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run_or_model",
        nargs="?",
        metavar="RUN|MODEL",
        help="an id, as listed by `runs` or `models`; without it, the settings below",
    )
    add_settings(parser)
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="write it to a file")


def _add_export_arguments(parser: argparse.ArgumentParser) -> None:
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
    _add_json_argument(parser)


def _add_resume_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", metavar="RUN")
    parser.add_argument(
        "--epochs",
        type=int,
        metavar="N",
        help="number of epochs to add (default: those missing from the plan)",
    )


def _add_stop_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", metavar="RUN")
    parser.add_argument(
        "--force", action="store_true", help="kill the process immediately; saved epochs are kept"
    )


def _add_save_model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_id", metavar="RUN")
    parser.add_argument("label", metavar="NAME", help="name of the model")
    _add_replace_argument(parser)


def _add_evaluate_arguments(parser: argparse.ArgumentParser) -> None:
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


@dataclass(frozen=True)
class _Command:
    """One command.

    Attributes:
        module, function: what runs it, in `digitlab.cli`; it returns the exit code.
        packages: packages it needs beyond those of the app.
    """

    help: str
    module: str
    function: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    packages: tuple[str, ...] = ()


_TRAINING_PACKAGES = ("tensorflow", "keras", "sklearn", "pooch", "rich", "mlxtend")
_COMMANDS = {
    "classify": _Command(
        "classify digits in pictures and drawings", "models", "classify", _add_classify_arguments
    ),
    "models": _Command("list the models", "models", "show_models", _add_json_argument),
    "rename-model": _Command("rename a model", "models", "rename", _add_rename_arguments),
    "tune": _Command(
        "search for good settings, or go on with a search", "tune", "tune", _add_tune_arguments,
        ("tensorflow", "keras", "optuna"),
    ),
    "studies": _Command(
        "list the searches, or the trials of one", "tune", "show_studies", _add_studies_arguments
    ),
    "import-model": _Command(
        "add a model that was made elsewhere", "import_model", "import_model",
        _add_import_arguments, ("tensorflow", "keras"),
    ),
    "delete-model": _Command("delete a model", "models", "delete", _add_delete_arguments),
    "datasets": _Command(
        "list the data sets, or delete one of yours", "datasets", "show_datasets",
        _add_datasets_arguments,
    ),
    "train": _Command(
        "train a network", "training", "train", _add_train_arguments, _TRAINING_PACKAGES
    ),
    "teach": _Command(
        "teach a model your hand", "teach", "teach", _add_teach_arguments, _TRAINING_PACKAGES
    ),
    "zoo": _Command(
        "train every network with the same settings, and print a table", "zoo", "train_zoo",
        _add_zoo_arguments, _TRAINING_PACKAGES,
    ),
    "runs": _Command(
        "list the training runs and their state", "training", "show_runs", _add_json_argument,
        ("rich",),
    ),
    "stop": _Command(
        "stop a run, or remove it from the queue", "training", "stop", _add_stop_arguments,
        ("rich",),
    ),
    "resume": _Command(
        "continue a run that has ended", "training", "resume", _add_resume_arguments,
        _TRAINING_PACKAGES,
    ),
    "save-model": _Command(
        "save the model of a finished run", "training", "save",
        _add_save_model_arguments, ("rich",),
    ),
    "code": _Command(
        "print a run, a model or settings as a script in plain Keras", "code", "print_code",
        _add_code_arguments,
    ),
    "export": _Command(
        "write a model in all formats, and compare them", "export", "export",
        _add_export_arguments, _TRAINING_PACKAGES,
    ),
    "evaluate": _Command(
        "test a model on labelled digits", "evaluate", "evaluate", _add_evaluate_arguments,
        ("pooch", "mlxtend"),
    ),
}  # fmt: skip
