"""The command line: `python -m digitlab COMMAND`. Only the chosen command is imported."""

import argparse
import importlib
import importlib.util
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from digitlab import __version__
from digitlab.cli.settings import add_settings
from digitlab.errors import DigitlabError, RunError
from digitlab.model_store.store import DEFAULT_MODEL_ID

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 if all went well."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A file's name may hold characters, or bytes, that this output cannot show.
        sys.stdout.reconfigure(errors="backslashreplace")
    options = build_parser().parse_args(arguments)
    try:
        _require_packages(options.command)
        module, function = _COMMANDS[options.command]
        run = getattr(importlib.import_module(f"digitlab.cli.{module}"), function)
        exit_code: int = run(options)
        # Flushed here, where a reader that has gone (`| head`) can still be answered.
        sys.stdout.flush()
    except DigitlabError as error:
        print(f"digitlab: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return exit_code


def _require_packages(command: str) -> None:
    """Refuse a command whose packages `make run` is still fetching in the background."""
    packages = _PACKAGES.get(command, ())
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise RunError(
            f"`{command}` needs packages that are not installed (yet): "
            f"{', '.join(missing)}. Run `make install` and try again."
        )


def build_parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    parser = argparse.ArgumentParser(prog="digitlab", description=__doc__.splitlines()[0])
    parser.add_argument("--version", action="version", version=f"digitlab {__version__}")
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    _add_classify(commands)
    _add_models(commands)
    _add_train(commands)
    _add_runs(commands)
    _add_evaluate(commands)
    _add_shelve(commands)
    return parser


# Each command's module and function; only the chosen module is imported.
_COMMANDS = {
    "classify": ("models", "classify"),
    "models": ("models", "show_models"),
    "train": ("training", "train"),
    "runs": ("training", "show_runs"),
    "stop": ("training", "stop"),
    "resume": ("training", "resume"),
    "shelve": ("training", "shelve"),
    "evaluate": ("evaluate", "evaluate"),
}
_TRAINING_PACKAGES = ("tensorflow", "keras", "sklearn", "pooch", "rich", "mlxtend")
# What a command needs beyond the app's own packages.
_PACKAGES = {
    "train": _TRAINING_PACKAGES,
    "resume": _TRAINING_PACKAGES,
    "evaluate": ("pooch", "mlxtend"),
}


def _add_classify(commands: "Commands") -> None:
    command = commands.add_parser("classify", help="read the digits in pictures and drawings")
    command.add_argument(
        "paths",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="a picture, a folder of pictures, or a .json file with a canvas drawing",
    )
    command.add_argument("--model", default=DEFAULT_MODEL_ID, metavar="ID")
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command.add_argument(
        "--many", action="store_true", help="several digits in each: all of them, with their boxes"
    )


def _add_models(commands: "Commands") -> None:
    command = commands.add_parser("models", help="list the models on the shelf")
    command.add_argument("--json", action="store_true", help="one JSON object a line")


def _add_train(commands: "Commands") -> None:
    command = commands.add_parser("train", help="train a network")
    add_settings(command)
    command.add_argument("--list-recipes", action="store_true", help="show the recipes and end")
    command.add_argument("--name", help="name of the run's folder")
    command.add_argument("--shelve", metavar="ID", help="put the model on the shelf under this id")


def _add_runs(commands: "Commands") -> None:
    command = commands.add_parser("runs", help="list the training runs and where they stand")
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command = commands.add_parser("stop", help="stop a training, or take it out of the queue")
    command.add_argument("run_id", metavar="RUN")
    command.add_argument(
        "--force", action="store_true", help="end the process now; what was saved is kept"
    )
    command = commands.add_parser("resume", help="go on with a run that has ended")
    command.add_argument("run_id", metavar="RUN")
    command.add_argument(
        "--epochs", type=int, metavar="N", help="how many more; default: what is lacking"
    )


def _add_evaluate(commands: "Commands") -> None:
    command = commands.add_parser("evaluate", help="test a model on labelled digits")
    command.add_argument("--model", default=DEFAULT_MODEL_ID, metavar="ID")
    command.add_argument(
        "--data",
        default=None,
        metavar="DATASET|FOLDER|ZIP",
        help="a data set's test images, or pictures in folders named 0 to 9 (7/photo.png); "
        "default: the data set of the model",
    )
    command.add_argument("--json", action="store_true", help="all figures as one JSON object")
    command.add_argument(
        "--out", type=Path, metavar="FILE", help="write a report: .html with figures, or .json"
    )
    command.add_argument(
        "--full",
        action="store_true",
        help="also find nearest training digits, map, doubtful labels and robustness, and keep "
        "everything with the model (minutes)",
    )


def _add_shelve(commands: "Commands") -> None:
    command = commands.add_parser("shelve", help="put a finished run's model on the shelf")
    command.add_argument("run_id", metavar="RUN")
    command.add_argument("model_id", metavar="ID")
    command.add_argument("--label", help="the model's name for people")
